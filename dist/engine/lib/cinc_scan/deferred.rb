# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# InSpec loads RuboCop's parser with everything else, a fifth of its load, for `inspec check` and `inspec export` alone
# (inspec-core 5.24, lib/inspec/profile.rb). Here it is loaded by the first who names it, as those two do.
#
# The autoload has a path of its own, for Ruby takes that of a feature it has seen to be loaded already.
helpers = $LOAD_PATH.resolve_feature_path('inspec/utils/profile_ast_helpers')&.last
if helpers
  module Inspec
    class Profile
      autoload :AstHelper, File.join(__dir__, 'deferred', 'ast_helper')
    end
  end
  autoload :RuboCop, 'rubocop-ast'
  $LOADED_FEATURES << helpers
end
