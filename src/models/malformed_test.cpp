#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "backend/backend.h"
#include "models/model.h"
#include "models/testing/malformed.h"

namespace ingle::models {
namespace {

/// Everything that stands between bytes and the first computation.
Status load_fully(const std::string& bytes) {
  INGLE_TRY(auto file, gguf::File::parse(std::as_bytes(std::span(bytes)), "test"));
  INGLE_TRY(const Model model, load(std::move(file)));
  backend::Options options;
  options.threads = 1;
  options.n_pages = 1;
  options.max_rows = 16;
  INGLE_TRY_VOID(backend::load("cpu", model.program, options));
  return {};
}

TEST(MalformedModels, the_models_they_are_made_from_load) {
  for (const std::string& model : {testing::well_formed_model(), testing::well_formed_encoder()}) {
    const Status status = load_fully(model);
    EXPECT_TRUE(status) << status.error().message();
  }
}

TEST(MalformedModels, each_gives_one_error_that_names_the_field) {
  const auto cases = testing::malformed_models();
  EXPECT_GE(cases.size(), 150U);
  std::set<std::string> names;
  for (const auto& malformed : cases) {
    EXPECT_TRUE(names.insert(malformed.name).second) << malformed.name;
    const Status status = load_fully(malformed.bytes);
    ASSERT_FALSE(status) << malformed.name << " was accepted";
    const Error& error = status.error();
    EXPECT_NE(error.message().find(malformed.field), std::string::npos) << malformed.name << ": " << error.message();
    EXPECT_EQ(error.message().find('\n'), std::string::npos) << malformed.name;
    EXPECT_TRUE(error.code() == ErrorCode::kCorrupt || error.code() == ErrorCode::kUnsupported ||
                error.code() == ErrorCode::kRefused)
        << malformed.name << ": " << to_string(error.code());
    // An offset wherever there is something at fault in the file, rather than missing from it.
    const bool is_missing = malformed.name.contains("_missing_");
    EXPECT_TRUE(is_missing || error.message().find("offset") != std::string::npos ||
                error.message().find("at byte") != std::string::npos)
        << malformed.name << ": " << error.message();
  }
}

}  // namespace
}  // namespace ingle::models
