#include "router/policy.h"

#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"

namespace ingle::router {
namespace {

TEST(Policy, reads_every_key) {
  const PolicyFile file = parse_policy(R"(
[provider.work]
kind = "openai"
base_url = "https://api.example.com/v1"
model = "m"
api_key_file = "/k"
usd_per_million_in = 1
usd_per_million_out = 2.5
[provider.other]
base_url = "http://localhost:1/v1"
model = "n"
[route]
provider = "work"
local_model = "small"
threshold = 0.25
allow = ["email", "phone"]
max_requests_per_day = 7
max_usd_per_day = 0.5
)");
  ASSERT_TRUE(file.policy) << file.problems[0];
  ASSERT_TRUE(file.policy->provider);
  EXPECT_EQ(file.policy->provider->name, "work");
  EXPECT_EQ(file.policy->provider->base_url.text(), "https://api.example.com/v1");
  EXPECT_EQ(file.policy->provider->price_of(1'000'000, 2'000'000), 6.0);
  EXPECT_EQ(file.policy->local_model, "small");
  EXPECT_EQ(file.policy->threshold, 0.25);
  EXPECT_TRUE(file.policy->allows("email"));
  EXPECT_FALSE(file.policy->allows("iban"));
  EXPECT_EQ(file.policy->max_requests_per_day, 7U);
  EXPECT_EQ(file.policy->max_usd_per_day, 0.5);
}

TEST(Policy, an_empty_one_is_valid_and_has_no_cloud) {
  const PolicyFile file = parse_policy("# nothing yet\n");
  ASSERT_TRUE(file.policy);
  EXPECT_FALSE(file.policy->provider);
}

TEST(Policy, names_the_line_of_every_problem) {
  const std::string provider = "[provider.p]\nbase_url = \"https://h/v1\"\nmodel = \"m\"\n";
  const std::pair<std::string, const char*> cases[] = {
      {"x = [", "line 1"},
      {"unknown = 1\n", "line 1: unknown is no key"},
      {"\n[router]\n", "line 2: router is no key"},
      {provider + "temperature = 1\n", "line 4: provider.p.temperature is no key"},
      {provider + "api_key_env = 5\n", "line 4: provider.p.api_key_env must be a text"},
      {provider + "kind = \"smoke signals\"\n", "line 4: provider.p.kind"},
      {provider + "usd_per_million_in = -1\nusd_per_million_out = 1\n",
       "line 4: provider.p.usd_per_million_in must be"},
      {provider + "usd_per_million_in = 1\n", "belong together"},
      {provider + "api_key_env = \"A\"\napi_key_file = \"/b\"\n", "exclude each other"},
      {"[provider.p]\nmodel = \"m\"\n", "base_url must be an address"},
      {"[provider.p]\nbase_url = \"http://h/v1\"\nmodel = \"m\"\n", "must begin with https://"},
      {"[provider.p]\nbase_url = \"https://u:p@h/v1\"\nmodel = \"m\"\n", "base_url must be an address"},
      {"[provider.p]\nbase_url = \"https://h/v1\"\n", "model is missing"},
      {"[provider.\"a b\"]\nbase_url = \"https://h/v1\"\nmodel = \"m\"\n", "small letters"},
      {"provider = 1\n", "line 1: provider must be a table"},
      {"[provider]\np = 1\n", "line 2: provider.p must be a table"},
      {"[route]\nthreshold = 1.5\n", "line 2: route.threshold must be a number from 0 to 1"},
      {"[route]\nthreshold = \"high\"\n", "line 2: route.threshold"},
      {"[route]\nallow = [\"iban\", \"horoscope\"]\n", "line 2: route.allow names 'horoscope'"},
      {"[route]\nallow = \"iban\"\n", "line 2: route.allow must be a list"},
      {"[route]\nmax_requests_per_day = 1.5\n", "line 2: route.max_requests_per_day must be a whole number"},
      {"[route]\nprovider = \"q\"\n", "names one that is not there"},
      {provider + "[provider.q]\nbase_url = \"https://h/v1\"\nmodel = \"m\"\n", "which of the providers"},
      {provider + "[route]\nmax_usd_per_day = 1\n", "needs the prices"},
  };
  for (const auto& [text, problem] : cases) {
    const PolicyFile file = parse_policy(text);
    EXPECT_FALSE(file.policy) << text;
    ASSERT_FALSE(file.problems.empty()) << text;
    std::string all;
    for (const std::string& one : file.problems)
      all += one + "\n";
    EXPECT_NE(all.find(problem), std::string::npos) << text << "\n" << all;
  }
}

TEST(Policy, is_absent_only_where_there_is_no_file) {
  const base::testing::TempFolder home;
  EXPECT_FALSE(read_policy(home.path()).present);
  std::filesystem::create_directory(home / "policy.toml");
  const PolicyFile file = read_policy(home.path());
  EXPECT_TRUE(file.present);
  EXPECT_FALSE(file.policy);
  EXPECT_FALSE(file.problems.empty());
}

TEST(Policy, reads_the_key_from_where_it_says) {
  const base::testing::TempFolder home;
  base::testing::write(home / "key", "secret-1\n");
  Provider provider;
  EXPECT_EQ(*read_api_key(provider, {}), "");
  provider.api_key_file = home / "key";
  EXPECT_EQ(*read_api_key(provider, {}), "secret-1");
  provider.api_key_file = home / "none";
  EXPECT_FALSE(read_api_key(provider, {}));
  provider.api_key_file.clear();
  provider.api_key_env = "K";
  EXPECT_FALSE(read_api_key(provider, [](std::string_view) { return std::nullopt; }));
  EXPECT_EQ(*read_api_key(provider, [](std::string_view) { return std::optional<std::string>("v"); }), "v");
}

}  // namespace
}  // namespace ingle::router
