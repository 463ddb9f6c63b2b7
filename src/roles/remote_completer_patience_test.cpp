#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

#include "chat/wire.h"
#include "roles/engine_protocol.h"
#include "roles/message.h"
#include "roles/remote_completer.h"

namespace ingle::roles {
namespace {

using ::testing::HasSubstr;

TEST(RemoteCompleterPatience, ALoadThatGetsNoFurtherIsGivenUp) {
  auto [front, engine] = Channel::pair().value();
  // The same progress again and again is none.
  const std::jthread busy([&to_front = engine] {
    const std::string progress = MessageWriter().number(0.0).take();
    while (to_front.send(static_cast<uint8_t>(FromEngine::kProgress), progress)) {
    }
  });
  const auto loaded =
      RemoteCompleter::load({.channel = &front, .load_patience = std::chrono::milliseconds(50)}, {}, "slow", {});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(loaded.error().message(), HasSubstr("no further"));
}

TEST(RemoteCompleterPatience, AnEngineThatReadsNothingHoldsUpNobodyForEver) {
  auto [front, engine] = Channel::pair().value();
  const std::string loaded = MessageWriter().number(uint64_t{1}).rest(chat::encode(chat::Description{})).take();
  ASSERT_TRUE(engine.send(static_cast<uint8_t>(FromEngine::kLoaded), loaded));
  const auto model =
      RemoteCompleter::load({.channel = &front, .send_patience = std::chrono::milliseconds(50)}, {}, "deaf", {});
  ASSERT_TRUE(model) << model.error().message();
  // More than any socket holds.
  const std::string id(size_t{4} << 20, 'x');
  for (int i = 0; i < 3; ++i)
    (*model)->cancel(id);
  EXPECT_FALSE((*model)->render({}));
  EXPECT_FALSE((*model)->alive());
}

/// An engine that took its model and never says anything again: it is stopped, or waits for a disk.
class SilentEngineTest : public ::testing::Test {
 protected:
  SilentEngineTest() {
    const std::string loaded = MessageWriter().number(uint64_t{1}).rest(chat::encode(chat::Description{})).take();
    EXPECT_TRUE(engine_.send(static_cast<uint8_t>(FromEngine::kLoaded), loaded));
    model_ = *RemoteCompleter::load({.channel = &front_,
                                     .how_it_ended = [] { return "ended by signal 9"; },
                                     .kill = [this] { killed_.set_value(); },
                                     .between_looks = std::chrono::milliseconds(1),
                                     .send_patience = std::chrono::milliseconds(50)},
                                    {}, "silent", {});
  }

  std::pair<Channel, Channel> ends_ = Channel::pair().value();
  Channel& front_ = ends_.first;
  Channel& engine_ = ends_.second;
  std::promise<void> killed_;
  std::unique_ptr<RemoteCompleter> model_;
};

TEST_F(SilentEngineTest, ItIsKilledAndWhateverWaitedForItEndsWithAnError) {
  std::promise<Error> failed;
  chat::CompleteRequest request;
  request.id = "1";
  request.prompt = chat::RawPrompt{chat::Private("endless")};
  ASSERT_TRUE(model_->complete(std::move(request), [&](const chat::Event& event) {
    if (const auto* end = std::get_if<chat::Failed>(&event)) failed.set_value(end->error);
  }));
  const auto tokens = model_->tokenize({});
  ASSERT_FALSE(tokens);
  EXPECT_EQ(tokens.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(tokens.error().message(), HasSubstr("did not answer"));
  EXPECT_EQ(failed.get_future().get(), tokens.error());
  EXPECT_FALSE(model_->alive());
  killed_.get_future().wait();
}

TEST_F(SilentEngineTest, ItIsFoundByWhoeverLooksAtItsCounts) {
  EXPECT_FALSE(model_->stats());
  killed_.get_future().wait();
  EXPECT_FALSE(model_->alive());
}

TEST_F(SilentEngineTest, CancellingWaitsForNobody) {
  // More than any socket holds; the keeper alone waits for it to be read.
  for (int i = 0; i < 100; ++i)
    model_->cancel(std::string(size_t{16} << 10, 'x'));
  EXPECT_FALSE(model_->render({}));
  EXPECT_FALSE(model_->alive());
}

TEST(RemoteCompleterPatience, AnEngineIsLookedAtWhileSomebodyIsHeldUpBySending) {
  auto [front, engine] = Channel::pair().value();
  const std::string loaded = MessageWriter().number(uint64_t{1}).rest(chat::encode(chat::Description{})).take();
  ASSERT_TRUE(engine.send(static_cast<uint8_t>(FromEngine::kLoaded), loaded));
  const auto model = RemoteCompleter::load(
      {.channel = &front, .between_looks = std::chrono::milliseconds(1), .send_patience = std::chrono::minutes(1)}, {},
      "deaf", {});
  ASSERT_TRUE(model) << model.error().message();
  const auto tokens =
      (*model)->tokenize({.text = chat::Private(std::string(size_t{4} << 20, 'x'))});  // more than any socket holds
  ASSERT_FALSE(tokens);
  EXPECT_THAT(tokens.error().message(), HasSubstr("did not answer"));
}

TEST(RemoteCompleterPatience, AnEngineOfWhichNothingIsAskedIsLeftAlone) {
  auto [front, engine] = Channel::pair().value();
  const std::string loaded = MessageWriter().number(uint64_t{1}).rest(chat::encode(chat::Description{})).take();
  ASSERT_TRUE(engine.send(static_cast<uint8_t>(FromEngine::kLoaded), loaded));
  auto model =
      RemoteCompleter::load({.channel = &front, .between_looks = std::chrono::milliseconds(1)}, {}, "idle", {});
  ASSERT_TRUE(model);
  (*model)->cancel("nobody");
  // The next frame is what comes next, however often front could have looked meanwhile.
  EXPECT_EQ(engine.receive()->type, static_cast<uint8_t>(ToEngine::kLoad));
  EXPECT_EQ(engine.receive()->type, static_cast<uint8_t>(ToEngine::kCancel));
  EXPECT_TRUE((*model)->alive());
  model->reset();
  EXPECT_FALSE(engine.receive());
}

}  // namespace
}  // namespace ingle::roles
