// libFuzzer target of config.toml: any text gives settings or an error that names the file.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "app/settings.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ingle::app;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto env = [](std::string_view name) {
    return name == "HOME" ? std::optional<std::string>("/") : std::nullopt;
  };
  const auto settings = Settings::resolve(env, text, "config.toml");
  if (!settings) {
    INGLE_CHECK(settings.error().message().find("config.toml") != std::string::npos);
    return 0;
  }
  for (const SettingRow& row : setting_rows())
    (void)settings->value_text(row.name);
  return 0;
}
