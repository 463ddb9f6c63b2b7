// Rows of the ledger in the form of the app's own API (docs/api.md). Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "router/ledger.h"

namespace ingle::router {

std::string decisions_to_json(const std::vector<Decision>& decisions);
/// One decision with its steps.
std::string decision_to_json(const Decision& decision);
std::string egress_to_json(const std::vector<Egress>& left, const EgressTotals& totals);

}  // namespace ingle::router
