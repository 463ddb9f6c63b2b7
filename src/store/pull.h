// Store::pull: tries the sources of a model in turn until one serves the verified file; internal to store.
#pragma once

#include "store/store.h"

namespace ingle::store {

Result<PullReport> run_pull(const Store& store, const ModelName& name, const PullCallback& progress,
                            std::stop_token stop);

/// "491 MB", "1.1 GB"
std::string size_in_words(uint64_t bytes);

}  // namespace ingle::store
