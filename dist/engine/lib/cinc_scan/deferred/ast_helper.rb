# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

load $LOAD_PATH.resolve_feature_path('inspec/utils/profile_ast_helpers').last
