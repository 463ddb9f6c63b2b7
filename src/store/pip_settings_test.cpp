#include "store/pip_settings.h"

#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"

namespace ingle::store {
namespace {

TEST(PipSettings, reads_what_pip_config_list_prints) {
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

TEST(PipSettings, asks_the_first_pip_that_runs) {
  base::testing::TempFolder folder;
  base::testing::write(folder / "pip",
                       "#!/bin/sh\n[ $1 = config ] && { echo \"global.find-links='/w'\"; exit 0; }\n"
                       "echo '--index-url <url> (default https://index.example/simple)'\n");
  std::filesystem::permissions(folder / "pip", std::filesystem::perms::owner_all);
  Network network;
  network.pip_commands = {{"ingle-no-such-program"}, {"false"}, {(folder / "pip").string()}};
  const auto settings = read_pip_settings(network, {});
  ASSERT_TRUE(settings) << settings.error().message();
  EXPECT_EQ(settings->index_url, "https://index.example/simple");
  EXPECT_EQ(settings->find_links, std::vector<std::string>{"/w"});
}

TEST(PipSettings, reads_a_report_where_pip_states_no_index) {
  const std::string hex(64, 'a');
  base::testing::TempFolder folder;
  base::testing::write(
      folder / "pip",
      "#!/bin/sh\n[ \"$*\" = 'install --dry-run --no-deps --ignore-installed --quiet --report - a==1 b==2' ] || exit 1\n"
      "echo '{\"install\":[{\"download_info\":{\"url\":\"https://f.example/a-1-py3-none-any.whl\","
      "\"archive_info\":{\"hashes\":{\"sha256\":\"" +
          hex +
          "\"}}}},"
          "{\"download_info\":{\"url\":\"file:///w/b-2-py3-none-any.whl\"}},{\"download_info\":{\"url\":7}},{},3]}'\n");
  std::filesystem::permissions(folder / "pip", std::filesystem::perms::owner_all);
  Network network;
  network.pip_commands = {{(folder / "pip").string()}};
  const auto links = ask_pip_for_wheels(network, {"a==1", "b==2"}, {});
  ASSERT_TRUE(links) << links.error().message();
  ASSERT_EQ(links->size(), 2U);
  EXPECT_EQ((*links)[0].sha256, hex);
  EXPECT_EQ((*links)[0].url.host, "f.example");
  EXPECT_EQ((*links)[1].url.decoded_path(), "/w/b-2-py3-none-any.whl");
  for (const char* broken : {"", "[]", "{}", "{\"install\":7}", "{\"install\":[{\"download_info\":[]}]}"}) {
    EXPECT_TRUE(parse_pip_report(broken).empty());
  }
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
