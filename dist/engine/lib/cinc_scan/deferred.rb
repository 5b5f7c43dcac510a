# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# What InSpec loads with everything else and few runs need (inspec-core 5.24): RuboCop's parser, a fifth of its load, for
# `inspec check` and `inspec export` alone (lib/inspec/profile.rb); rubyzip for profiles in archives (file_provider.rb); CSV for
# files of waivers in that form (waiver_file_reader.rb). Here each is loaded by the first who names it, as those do.
#
# The autoloads have paths of their own, for Ruby takes that of a feature it has seen to be loaded already.
module CincScan
  module Deferred
    FEATURES = { AstHelper: 'inspec/utils/profile_ast_helpers', Zip: 'zip', CSV: 'csv' }.freeze

    def self.path(constant)
      $LOAD_PATH.resolve_feature_path(FEATURES.fetch(constant))&.last
    end

    # In that module, unless it is loaded already or is not there at all.
    def self.defer(constant, name, namespace = Object)
      feature = path(constant)
      return if feature.nil? || $LOADED_FEATURES.include?(feature)

      namespace.autoload(constant, File.join(__dir__, 'deferred', name))
      $LOADED_FEATURES << feature
    end
  end
end

module Inspec
  class Profile
  end
end

CincScan::Deferred.defer(:AstHelper, 'ast_helper', Inspec::Profile)
CincScan::Deferred.defer(:Zip, 'zip')
CincScan::Deferred.defer(:CSV, 'csv')
autoload :RuboCop, 'rubocop-ast' if Inspec::Profile.autoload?(:AstHelper)
