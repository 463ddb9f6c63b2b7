// Models that other programs put on this machine: found, listed and used where they lie. Nothing here ever writes.
//
//   Ollama        <root>/manifests, <root>/blobs                        its own names: "llama3.2:1b"
//   Hugging Face  <root>/models--ORG--NAME/snapshots/REVISION/*.gguf     "hf.co/ORG/NAME:QUANT"
//   LM Studio     <root>/PUBLISHER/NAME/*.gguf                           "lmstudio/PUBLISHER/NAME:QUANT"
//   folders       <root>/**/*.gguf                                       "folder/FOLDER/FILE:QUANT"
// What lies there is somebody else's and may be damaged, unfinished or made to mislead: links that leave a place are not
// followed, numbers of entries are limited, and only the first four bytes of a file are read. Any thread.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/home.h"
#include "store/store.h"

namespace ingle::store {

/// The places of these environment variables that exist or might: HOME, HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME; then
/// `folders`, separated by ':'.
std::vector<Place> places_from(const EnvLookup& env, std::string_view folders);

/// Every whole model in a place, by name. Several files of one quantization in one repository get names that tell them
/// apart. `problems`: what was left out and why, where that is worth a line.
std::vector<InstalledModel> discover(const Place& place, std::vector<Error>* problems = nullptr);

}  // namespace ingle::store
