# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

load CincScan::Deferred.path(:AstHelper)
