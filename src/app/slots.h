// Slots: how many of something costly go on at once. Any thread; whoever holds a Slot must not outlive the Slots.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <semaphore>
#include <utility>

namespace ingle::app {

class Slots {
 public:
  class Slot {
   public:
    explicit Slot(Slots& slots) : slots_(&slots) {}
    Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (slots_ != nullptr) slots_->free_.release();
    }

   private:
    Slots* slots_;
  };

  explicit Slots(size_t count) : free_(static_cast<std::ptrdiff_t>(std::max<size_t>(count, 1))) {}

  /// Waits for one that is free.
  Slot take() {
    free_.acquire();
    return Slot(*this);
  }
  std::optional<Slot> try_take() {
    if (free_.try_acquire()) return Slot(*this);
    return std::nullopt;
  }

 private:
  std::counting_semaphore<> free_;
};

}  // namespace ingle::app
