// Models made on request of an API: what comes from outside is looked at in a parse role before it is listed. Any thread.
#pragma once

#include <stop_token>

#include "api/services.h"
#include "app/front.h"

namespace ingle::app {

/// kNotFound: there is no model `from`.
Status make_model(Front& front, const api::CreateModel& wanted, const store::CreateCallback& done,
                  std::stop_token stop);

/// The services of api::Services that make models.
void add_making(api::Services& services, Front& front);

}  // namespace ingle::app
