// From this process's rooms to what the API asks for; internal to app.
#pragma once

#include <string>

#include "api/services.h"
#include "app/front.h"

namespace ingle::app {

/// Everything that needs no more than the front. `front` must outlive it.
api::Services front_services(Front& front);

}  // namespace ingle::app
