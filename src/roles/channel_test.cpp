#include "roles/channel.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <thread>

namespace ingle::roles {
namespace {

using base::FileDescriptor;

std::pair<Channel, Channel> make_pair() {
  return Channel::pair().value();
}

/// A channel and the bare socket at its other side, from which a test may send whatever it likes.
struct Hostile {
  Hostile() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    channel.emplace(FileDescriptor(ends[0]));
    socket = FileDescriptor(ends[1]);
  }
  void write(std::string_view bytes) const {
    EXPECT_EQ(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  /// `count` descriptors beside `bytes`.
  void write_with_descriptors(std::string_view bytes, size_t count) const {
    const FileDescriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    std::vector<char> control(CMSG_SPACE(sizeof(int) * count));
    iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * count);
    const std::vector<int> passed(count, null.get());
    std::memcpy(CMSG_DATA(header), passed.data(), sizeof(int) * count);
    EXPECT_EQ(::sendmsg(socket.get(), &message, MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  std::optional<Channel> channel;
  FileDescriptor socket;
};

std::string head(uint8_t type, uint32_t size) {
  const FrameHeadBytes bytes = encode_frame_head({.type = type, .size = size});
  return {bytes.begin(), bytes.end()};
}

size_t open_descriptors() {
  size_t count = 0;
  for (int fd = 0; fd < 1024; ++fd)
    count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

TEST(Channel, FramesArriveInOrderAsTheyWereSent) {
  auto [a, b] = make_pair();
  ASSERT_TRUE(a.send(1, "first"));
  ASSERT_TRUE(a.send(255, ""));
  ASSERT_TRUE(a.send(0, std::string("\0\xff", 2)));
  const Frame first = b.receive().value();
  EXPECT_EQ(first.type, 1);
  EXPECT_EQ(first.payload, "first");
  EXPECT_EQ(b.receive()->type, 255);
  EXPECT_EQ(b.receive()->payload, std::string("\0\xff", 2));
}

TEST(Channel, AFrameLargerThanTheSocketsBufferArrivesWhole) {
  auto [a, b] = make_pair();
  std::string payload(9 << 20, 'x');
  for (size_t i = 0; i < payload.size(); i += 4096)
    payload[i] = static_cast<char>(i >> 12);
  std::thread sender([&] { EXPECT_TRUE(a.send(7, payload)); });
  const auto frame = b.receive();
  sender.join();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->payload, payload);
}

TEST(Channel, FramesOfSeveralThreadsAreNotMixed) {
  auto [a, b] = make_pair();
  std::vector<std::thread> senders;
  for (char letter = 'a'; letter < 'e'; ++letter) {
    senders.emplace_back([&, letter] {
      for (int i = 0; i < 50; ++i)
        EXPECT_TRUE(a.send(static_cast<uint8_t>(letter), std::string(10'000, letter)));
    });
  }
  for (int i = 0; i < 200; ++i) {
    const auto frame = b.receive();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->payload, std::string(10'000, static_cast<char>(frame->type)));
  }
  for (auto& sender : senders)
    sender.join();
}

TEST(Channel, DescriptorsTravelAndStayOpenHere) {
  auto [a, b] = make_pair();
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  std::vector<FileDescriptor> sent;
  sent.emplace_back(ends[1]);
  const FileDescriptor read_end(ends[0]);
  ASSERT_TRUE(a.send(3, "with one", sent));
  ASSERT_TRUE(a.send(4, "with none"));
  const Frame frame = b.receive().value();
  ASSERT_EQ(frame.descriptors.size(), 1);
  EXPECT_NE(frame.descriptors[0].get(), ends[1]);
  EXPECT_EQ(::fcntl(frame.descriptors[0].get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_EQ(::write(frame.descriptors[0].get(), "!", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(read_end.get(), &byte, 1), 1);
  EXPECT_EQ(byte, '!');
  EXPECT_TRUE(b.receive()->descriptors.empty());
}

TEST(Channel, AsManyDescriptorsAsAModelHasPartsFitInOneFrame) {
  auto [a, b] = make_pair();
  std::vector<FileDescriptor> sent;
  for (size_t i = 0; i < Channel::kMaxDescriptors; ++i)
    sent.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(a.send(1, "parts", sent));
  EXPECT_EQ(b.receive()->descriptors.size(), Channel::kMaxDescriptors);
  sent.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(a.send(1, "one too many", sent).error().code(), ErrorCode::kUsage);
  ASSERT_TRUE(a.send(2, "still usable"));
  EXPECT_EQ(b.receive()->payload, "still usable");
}

TEST(Channel, ADescriptorThatIsNotOpenIsNotSent) {
  auto [a, b] = make_pair();
  const std::vector<FileDescriptor> none(1);
  EXPECT_EQ(a.send(1, "x", none).error().code(), ErrorCode::kUsage);
}

TEST(Channel, APayloadOverTheLimitIsRefusedBeforeItIsSent) {
  auto [a, b] = make_pair();
  const char byte = 0;
  EXPECT_EQ(a.send(1, std::string_view(&byte, Channel::kMaxPayload + 1)).error().code(), ErrorCode::kUsage);
  ASSERT_TRUE(a.send(1, "next"));
  EXPECT_EQ(b.receive()->payload, "next");
}

TEST(Channel, TheEndOfTheOtherSideIsUnavailableToBothDirections) {
  auto [a, b] = make_pair();
  {
    const Channel gone = std::move(b);
  }
  EXPECT_EQ(a.receive().error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(a.send(1, "x").error().code(), ErrorCode::kUnavailable);
}

TEST(Channel, WhatWasSentBeforeTheEndIsStillRead) {
  auto [a, b] = make_pair();
  ASSERT_TRUE(b.send(1, "last words"));
  {
    const Channel gone = std::move(b);
  }
  EXPECT_EQ(a.receive()->payload, "last words");
  EXPECT_EQ(a.receive().error().code(), ErrorCode::kUnavailable);
}

TEST(Channel, CloseBothWakesTheReceiver) {
  auto [a, b] = make_pair();
  std::thread receiver([&] { EXPECT_EQ(a.receive().error().code(), ErrorCode::kUnavailable); });
  a.close_both();
  receiver.join();
}

TEST(Channel, CloseBothWakesASenderThatNobodyReads) {
  auto [a, b] = make_pair();
  std::thread sender([&] {
    const std::string payload(1 << 20, 'x');
    while (a.send(1, payload)) {
    }
  });
  a.close_both();
  sender.join();
}

TEST(HostileChannel, AHeadOrAPayloadThatBreaksOffIsUnavailable) {
  for (const std::string& bytes : {head(1, 5).substr(0, 3), head(1, 5) + "1234"}) {
    Hostile other;
    other.write(bytes);
    other.socket = FileDescriptor();
    EXPECT_EQ(other.channel->receive().error().code(), ErrorCode::kUnavailable);
  }
}

TEST(HostileChannel, ReservedBytesMustBeZero) {
  for (size_t at = 1; at < 4; ++at) {
    Hostile other;
    std::string bytes = head(1, 0);
    bytes[at] = 1;
    other.write(bytes);
    EXPECT_EQ(other.channel->receive().error().code(), ErrorCode::kCorrupt);
  }
}

TEST(HostileChannel, ALengthOverTheLimitIsCorruptAndEndsTheChannel) {
  Hostile other;
  other.write(head(1, Channel::kMaxPayload + 1) + head(2, 0));
  EXPECT_EQ(other.channel->receive().error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(other.channel->receive().error().code(), ErrorCode::kCorrupt) << "the next frame must not be believed";
  char byte = 0;
  EXPECT_EQ(::recv(other.socket.get(), &byte, 1, 0), 0) << "the sender sees the end";
}

TEST(HostileChannel, ALyingLengthTakesNoMemory) {
  Hostile other;
  other.write(head(1, Channel::kMaxPayload) + "few");
  other.socket = FileDescriptor();
  rusage before{};
  ::getrusage(RUSAGE_SELF, &before);
  EXPECT_EQ(other.channel->receive().error().code(), ErrorCode::kUnavailable);
  rusage after{};
  ::getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 32 << 10) << "KiB";
}

TEST(HostileChannel, UnexpectedDescriptorsAreCorruptAndClosed) {
  for (const size_t count : {size_t{1}, size_t{2}, size_t{100}, size_t{253}}) {
    Hostile other;
    const size_t before = open_descriptors();
    other.write_with_descriptors(head(1, 0), count);
    EXPECT_EQ(other.channel->receive(0).error().code(), ErrorCode::kCorrupt);
    EXPECT_EQ(open_descriptors(), before);
  }
}

TEST(HostileChannel, MoreDescriptorsThanTheLimitAreCorruptAlsoInPieces) {
  Hostile other;
  const std::string bytes = head(1, 0);
  other.write_with_descriptors(bytes.substr(0, 4), 40);
  other.write_with_descriptors(bytes.substr(4), 40);
  EXPECT_EQ(other.channel->receive().error().code(), ErrorCode::kCorrupt);
}

TEST(HostileChannel, DescriptorsInTheMiddleOfAFrameAreCorruptAndClosed) {
  Hostile other;
  const size_t before = open_descriptors();
  other.write(head(1, 6) + "abc");
  other.write_with_descriptors("def", 3);
  EXPECT_EQ(other.channel->receive().error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(FrameHead, EveryAcceptedHeadIsWrittenAsItWasRead) {
  for (const uint32_t size : {0U, 1U, 255U, 256U, 65'536U, static_cast<uint32_t>(kMaxFramePayload)}) {
    const FrameHead made{.type = 9, .size = size};
    EXPECT_EQ(decode_frame_head(encode_frame_head(made)).value(), made);
  }
  EXPECT_EQ(decode_frame_head({1, 0, 0, 0, 1, 0, 0, 0x10}).error().code(), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace ingle::roles
