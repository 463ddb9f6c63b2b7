// Jobs on documents for the API: from an upload and its options to JSON. Any thread; a job blocks the one that calls it.
#pragma once

#include <string>

#include "api/services.h"
#include "app/front.h"

namespace ingle::app {

/// The model of a job for which none was named: the largest installed one that can be waited for. kNotFound proposes one
/// to pull.
Result<std::string> default_model(const Front& front);

/// POST /v1/summarize: options `model`, `style`, `query`. The answer also carries the turns that its cites mean.
/// `front` and `models` must outlive it.
api::DocumentJob summarize_job(const Front& front, runtime::Models& models);

}  // namespace ingle::app
