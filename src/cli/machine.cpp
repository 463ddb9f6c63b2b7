#include "cli/machine.h"

#include <sys/sysinfo.h>

#include <cstdlib>
#include <fstream>

#include "base/cpu_features.h"
#include "kernels/registry.h"

namespace ingle::cli {
namespace {

/// A number of kilobytes behind `key` in one of the kernel's lists, in bytes.
std::optional<uint64_t> kilobytes_of(const char* list, std::string_view key) {
  std::ifstream file(list);
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with(key)) return std::strtoull(line.c_str() + key.size(), nullptr, 10) * 1024;
  }
  return std::nullopt;
}

uint64_t last_level_cache() {
  uint64_t kilobytes = 0;
  std::ifstream("/sys/devices/system/cpu/cpu0/cache/index3/size") >> kilobytes;
  return kilobytes * 1024;
}

}  // namespace

Machine this_machine() {
  Machine machine;
  machine.cpu = base::cpu_features().brand;
  machine.cores = base::physical_cores();
  for (const kernels::Kernels* table : kernels::available())
    machine.isas.emplace_back(table->name);
  struct sysinfo info{};
  if (::sysinfo(&info) == 0) {
    machine.memory_bytes = uint64_t{info.totalram} * info.mem_unit;
    // What can be used without swapping, which the kernel estimates; sysinfo's "free" leaves the page cache out.
    machine.memory_available =
        kilobytes_of("/proc/meminfo", "MemAvailable:").value_or(uint64_t{info.freeram} * info.mem_unit);
  }
  machine.cache_bytes = last_level_cache();
  return machine;
}

uint64_t memory_now() {
  return kilobytes_of("/proc/self/smaps_rollup", "Pss:").value_or(0);
}

uint64_t memory_peak() {
  return kilobytes_of("/proc/self/status", "VmHWM:").value_or(0);
}

bool reset_memory_peak() {
  std::ofstream file("/proc/self/clear_refs");
  file << 5 << std::flush;  // proc(5): the peak of the resident set becomes what it is now
  return file.good();
}

void write_machine(JsonWriter& json, const Machine& machine, std::string_view isa) {
  json.key("machine").begin_object().member("cpu", machine.cpu).member("cores", machine.cores).member("isa", isa);
  json.key("isas").begin_array();
  for (const std::string& each : machine.isas)
    json.string(each);
  json.end_array().member("memory_bytes", machine.memory_bytes).member("cache_bytes", machine.cache_bytes).end_object();
}

}  // namespace ingle::cli
