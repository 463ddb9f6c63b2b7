// ModelListing: every key of a model's file with every element of its lists, and its tensors, as JSON. For who asks for
// all of it; what is told about a model otherwise is ModelFacts. Plain values; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace ingle::roles {

inline constexpr std::string_view kModelListingJob = "model listing";

/// The job: files and payload as of model_facts_job. Answers {"model_info": {...}, "tensors": [{"name", "type", "shape"}]}.
Result<std::string> model_listing_job(std::string_view payload, std::span<const base::FileDescriptor> files);

}  // namespace ingle::roles
