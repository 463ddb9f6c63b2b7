// Blobs of a models folder: adding, taking over from outside, and removing what nobody names. Internal to store.
//
// A blob that Inglenook adds gets its mark before it appears, so that a crash leaves at worst a mark without a blob. What
// has no mark is somebody else's and never removed. Callers hold Layout::lock() where manifests or blobs change.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string_view>

#include "store/layout.h"

namespace ingle::store {

/// A small layer from memory; one that is there already is used as it is.
Result<Layer> add_text_blob(const Layout& layout, std::string_view media_type, std::string_view bytes,
                            bool* is_new = nullptr);
/// Moves a verified file of the same file system into place.
Status add_file_blob(const Layout& layout, const Digest& digest, const std::filesystem::path& file);

/// What the manifests name; an error when one of them cannot be read, since it may name any blob.
Result<std::set<Digest>> wanted_blobs(const Layout& layout);
struct RemovedBlobs {
  uint64_t bytes = 0;
  size_t removed = 0;
  size_t shared = 0;   // kept: a manifest names them
  size_t foreign = 0;  // kept: Inglenook did not add them
};
/// Deletes those of `candidates` that no manifest names and that Inglenook added.
Result<RemovedBlobs> remove_unwanted_blobs(const Layout& layout, const std::set<Digest>& candidates);
/// Config and layers.
std::set<Digest> blobs_of(const Manifest& manifest);

}  // namespace ingle::store
