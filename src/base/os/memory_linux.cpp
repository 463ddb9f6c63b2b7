#include "base/memory.h"

#include <malloc.h>

#include <fstream>
#include <string>

namespace ingle::base {

uint64_t available_memory() {
  // proc(5): "MemAvailable:   12345678 kB"
  std::ifstream file("/proc/meminfo");
  std::string word;
  uint64_t kibibytes = 0;
  while (file >> word) {
    if (word == "MemAvailable:" && file >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

void return_freed_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace ingle::base
