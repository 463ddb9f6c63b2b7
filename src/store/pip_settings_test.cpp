#include "store/pip_settings.h"

#include <gtest/gtest.h>

#include <map>

#include "base/testing/temp_folder.h"

namespace ingle::store {
namespace {

TEST(PipSettings, reads_lines_of_sections_and_keys) {
  const PipSettings settings = parse_pip_config(
      "global.index-url='https://mirror.example/simple'\n"
      "install.find-links='/opt/wheels\\n/srv/wheels'\n"
      "global.cert=\"/etc/it's/ca.pem\"\r\n"
      ":env:.disable-pip-version-check='1'\n"
      "freeze.index-url='https://not-ours.example/'\n"
      "nonsense\n=\n.\n"
      ":env:.extra-index-url='https://a.example/simple https://b.example/simple'\n"
      "global.proxy='http://proxy.example:3128'\n");
  EXPECT_EQ(settings.index_url, "https://mirror.example/simple");
  EXPECT_EQ(settings.extra_index_urls,
            (std::vector<std::string>{"https://a.example/simple", "https://b.example/simple"}));
  EXPECT_EQ(settings.find_links, (std::vector<std::string>{"/opt/wheels", "/srv/wheels"}));
  EXPECT_EQ(settings.ca_file, "/etc/it's/ca.pem");
  EXPECT_EQ(settings.proxy, "http://proxy.example:3128");
  EXPECT_FALSE(settings.no_index);
}

TEST(PipSettings, lets_the_environment_win_over_sections_in_any_order) {
  const PipSettings settings = parse_pip_config(
      ":env:.index-url='https://env.example'\n"
      "install.index-url='https://install.example'\n"
      "global.index-url='https://global.example'\n"
      "install.no-index='true'\nglobal.no-index='false'\n");
  EXPECT_EQ(settings.index_url, "https://env.example");
  EXPECT_TRUE(settings.no_index);
}

TEST(PipSettings, finds_the_default_in_the_wrapped_help) {
  EXPECT_EQ(default_index_in_help("  -i, --index-url <url>       Base URL of the index (default\n"
                                  "                              https://index.example/simple). This should\n"
                                  "  --extra-index-url <url>     Extra (default https://wrong.example)\n"),
            "https://index.example/simple");
  EXPECT_EQ(default_index_in_help("-i, --index-url <url> Base (default: https://index.example/simple) x"),
            "https://index.example/simple");
  EXPECT_EQ(default_index_in_help("--index-url <url> Base\n --extra-index-url <url> (default https://wrong.example)"),
            "");
  EXPECT_EQ(default_index_in_help(""), "");
}

TEST(PipSettings, reads_pips_files_as_pip_does) {
  EXPECT_EQ(pip_config_lines("# comment\n[global]\nindex-url = https://a.example/simple\n; another\n"
                             "find_links =\n    /opt/wheels\n\t/srv/wheels\n[install]\r\nNo-Index: yes\r\nnonsense\n"
                             "[unclosed\n  stray\nproxy=http://u:p@h:1"),
            "global.index-url=https://a.example/simple\nglobal.find-links= /opt/wheels /srv/wheels\n"
            "install.no-index=yes\ninstall.proxy=http://u:p@h:1\n");
  EXPECT_EQ(pip_config_lines(""), "");
}

TEST(PipSettings, later_files_and_the_environment_win) {
  const base::testing::TempFolder folder;
  base::testing::write(folder / "machine", "[global]\nindex-url = https://machine.example\ncert = /ca.pem\n");
  base::testing::write(folder / "user", "[global]\nindex-url = https://user.example\nproxy = http://p.example:1\n");
  Network network;
  network.pip_config_files = {folder / "machine", folder / "none", folder / "user"};
  network.pip_environment = ":env:.proxy='http://env.example:2'\n";
  const auto settings = read_pip_settings(network, {});
  ASSERT_TRUE(settings) << settings.error().message();
  EXPECT_EQ(settings->index_url, "https://user.example");
  EXPECT_EQ(settings->ca_file, "/ca.pem");
  EXPECT_EQ(settings->proxy, "http://env.example:2");
}

TEST(PipSettings, asks_the_first_pip_that_runs_for_its_default) {
  base::testing::TempFolder folder;
  base::testing::write(folder / "pip", "#!/bin/sh\necho '--index-url <url> (default https://index.example/simple)'\n");
  std::filesystem::permissions(folder / "pip", std::filesystem::perms::owner_all);
  Network network;
  network.pip_commands = {{"ingle-no-such-program"}, {"false"}, {(folder / "pip").string()}};
  EXPECT_EQ(read_pip_settings(network, {})->index_url, "https://index.example/simple");
  network.pip_help = []() -> Result<std::string> { return "--index-url <url> (default https://other.example)"; };
  EXPECT_EQ(read_pip_settings(network, {})->index_url, "https://other.example");
}

TEST(PipSettings, knows_where_pip_keeps_its_files) {
  const auto files = [](std::map<std::string, std::string> variables) {
    const auto env = [&](std::string_view name) -> std::optional<std::string> {
      const auto at = variables.find(std::string(name));
      return at == variables.end() ? std::nullopt : std::optional(at->second);
    };
    std::vector<std::string> names;
    for (const auto& path : network_from(env).pip_config_files)
      names.push_back(path.string());
    return names;
  };
  EXPECT_EQ(files({{"HOME", "/h"}, {"VIRTUAL_ENV", "/v"}, {"PIP_CONFIG_FILE", "/f"}}),
            (std::vector<std::string>{"/etc/xdg/pip/pip.conf", "/etc/pip.conf", "/h/.pip/pip.conf",
                                      "/h/.config/pip/pip.conf", "/v/pip.conf", "/f"}));
  EXPECT_EQ(files({{"XDG_CONFIG_HOME", "/x"}}),
            (std::vector<std::string>{"/etc/xdg/pip/pip.conf", "/etc/pip.conf", "/x/pip/pip.conf"}));
  EXPECT_TRUE(files({{"HOME", "/h"}, {"PIP_CONFIG_FILE", "/dev/null"}}).empty());
}

TEST(PipSettings, without_pip_the_environment_counts_or_the_error_says_what_to_install) {
  Network network;
  network.pip_commands = {{"ingle-no-such-program"}};
  const auto missing = read_pip_settings(network, {});
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().hint().find("python3-pip"), std::string::npos);
  network.pip_environment = network_from([](std::string_view name) -> std::optional<std::string> {
                              if (name == "PIP_INDEX_URL") return "https://env.example/simple";
                              return std::nullopt;
                            }).pip_environment;
  const auto settings = read_pip_settings(network, {});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->index_url, "https://env.example/simple");
}

}  // namespace
}  // namespace ingle::store
