#include "api/infill.h"

#include <gtest/gtest.h>

#include "api/testing/fakes.h"

namespace ingle::api {
namespace {

using chat::Private;

testing::ScriptedCompleter completer() {
  testing::ScriptedCompleter model;
  model.tokens = {7};
  model.description.infill = {.prefix = 1, .suffix = 2, .middle = 3, .repository = 4, .file = 5};
  return model;
}

TEST(Infill, stands_between_the_tokens_of_the_model) {
  auto model = completer();
  model.description.adds_bos = true;
  model.description.bos = 0;
  const auto prompt = infill_prompt(model, {.before = Private("a"), .after = Private("b")}, "suffix");
  ASSERT_TRUE(prompt.has_value());
  EXPECT_EQ(prompt->tokens, (std::vector<int32_t>{0, 1, 7, 2, 7, 3}));
  ASSERT_EQ(model.tokenized.size(), 2U);
  EXPECT_EQ(model.tokenized[0].text.reveal(), "a");
  EXPECT_FALSE(model.tokenized[0].recognise_control_tokens || model.tokenized[0].add_bos);
}

TEST(Infill, files_of_the_project_come_first) {
  auto model = completer();
  const Infill infill{.before = {},
                      .after = Private("b"),
                      .begun = Private("c"),
                      .files = {{Private("x.py"), Private("1")}, {Private("y.py"), Private("2")}}};
  const auto prompt = infill_prompt(model, infill, "input_suffix");
  ASSERT_TRUE(prompt.has_value());
  EXPECT_EQ(prompt->tokens, (std::vector<int32_t>{4, 7, 5, 7, 7, 5, 7, 7, 5, 1, 2, 7, 3, 7}));
  model.description.infill.repository = -1;
  model.tokenized.clear();
  EXPECT_EQ(infill_prompt(model, infill, "input_suffix")->tokens, (std::vector<int32_t>{7, 7, 1, 2, 7, 3, 7}));
  EXPECT_EQ(model.tokenized[0].text.reveal(), "1\n");
}

TEST(Infill, a_model_without_the_tokens_is_a_fault_of_the_request) {
  testing::ScriptedCompleter model;
  const auto prompt = infill_prompt(model, {.before = Private("a"), .after = {}}, "suffix");
  ASSERT_FALSE(prompt.has_value());
  EXPECT_EQ(prompt.error().status, 400);
  EXPECT_EQ(prompt.error().param, "suffix");
}

}  // namespace
}  // namespace ingle::api
