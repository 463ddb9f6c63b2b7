// Opens any bytes as an archive and unpacks every member; nothing may crash or allocate beyond the limits.
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "store/zip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int kFile = ::memfd_create("fuzz.zip", 0);
  if (::ftruncate(kFile, 0) != 0 || ::pwrite(kFile, data, size, 0) != static_cast<ssize_t>(size)) return 0;
  const auto archive = ingle::store::ZipArchive::open("/proc/self/fd/" + std::to_string(kFile));
  if (!archive) return 0;
  for (const auto& member : archive->members()) {
    const auto ignore = [](std::span<const std::byte>) { return ingle::Status(); };
    if (const auto status = archive->extract(member, ignore, {}); !status) continue;
  }
  return 0;
}
