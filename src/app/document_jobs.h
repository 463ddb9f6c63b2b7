// Jobs on documents for the API: from an upload and its options to JSON. Any thread; a job blocks the one that calls it.
#pragma once

#include <string>
#include <string_view>

#include "api/services.h"
#include "app/front.h"

namespace ingle::app {

/// The model of a job for which none was named: the largest installed one that can be waited for. kNotFound proposes one
/// to pull.
Result<std::string> default_model(const Front& front);

/// kNotFound for what is no name: over the network models have names, and a path would tell which files exist.
Status check_model_name(const std::string& name);

/// kUsage for the router's name: documents are read by models of this machine, whatever the policy says of other requests.
Status check_document_model(std::string_view name);

/// POST /v1/extract: options `model` ("none": rules only), `preset`, `schema`, `ignore_xml`. The answer also carries the text
/// and the sizes of the pages. `front` must outlive it.
api::DocumentJob extract_job(Front& front);

/// POST /v1/summarize: options `model`, `style`, `query`. The answer also carries the turns that its cites mean.
/// `front` and `models` must outlive it.
api::DocumentJob summarize_job(const Front& front, runtime::Models& models);

}  // namespace ingle::app
