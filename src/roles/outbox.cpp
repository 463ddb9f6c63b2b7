#include "roles/outbox.h"

namespace ingle::roles {

void Outbox::add(uint8_t type, std::string_view payload, bool may_wait) {
  const std::lock_guard lock(frames_mutex_);
  if (frames_.empty()) oldest_ = now_();
  if (!append_frame(frames_, type, payload)) return channel_.close_both();
  if (!may_wait || !model_pauses_) flush();
}

void Outbox::pause(std::chrono::nanoseconds until_next) {
  const std::lock_guard lock(frames_mutex_);
  model_pauses_ = true;
  if (frames_.empty()) return;
  if (until_next >= kPatience || now_() - oldest_ + until_next >= kPatience) flush();
}

void Outbox::flush() {
  if (!channel_.send_frames(frames_)) channel_.close_both();
  frames_.clear();
}

}  // namespace ingle::roles
