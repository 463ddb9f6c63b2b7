#include "cli/machine.h"

#include <sys/sysinfo.h>

#include <fstream>

#include "base/cpu_features.h"
#include "kernels/registry.h"

namespace ingle::cli {
namespace {

/// What can be used without swapping, which the kernel estimates; sysinfo's "free" leaves the page cache out.
uint64_t available_memory(uint64_t fallback) {
  std::ifstream meminfo("/proc/meminfo");
  std::string key;
  uint64_t kilobytes = 0;
  std::string unit;
  while (meminfo >> key >> kilobytes) {
    if (key == "MemAvailable:") return kilobytes * 1024;
    std::getline(meminfo, unit);
  }
  return fallback;
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
    machine.memory_available = available_memory(uint64_t{info.freeram} * info.mem_unit);
  }
  return machine;
}

void write_machine(JsonWriter& json, const Machine& machine, std::string_view isa) {
  json.key("machine").begin_object().member("cpu", machine.cpu).member("cores", machine.cores).member("isa", isa);
  json.key("isas").begin_array();
  for (const std::string& each : machine.isas)
    json.string(each);
  json.end_array().member("memory_bytes", machine.memory_bytes).end_object();
}

}  // namespace ingle::cli
