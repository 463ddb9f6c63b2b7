#include "backend/cpu/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <mutex>

#include "quant/finite.h"

namespace ingle::backend::cpu {
namespace {

// Rows that are read, checked and packed before the next: half of a core's second-level cache at most.
constexpr size_t kPieceBytes = 256 << 10;
// The buffer's memory comes in pages of this size, which the system clears when they are first touched. Two threads that
// touch one at the same time would both do so: a thread fills whole pages.
constexpr size_t kHugePage = 2 << 20;
// How far ahead of the packing the file is asked for: what a fast disk reads in 20 ms.
constexpr size_t kPagesAhead = 32;

Error not_finite(const Source& source, uint64_t offset) {
  return Error::corrupt(fmt::format("the tensor '{}' holds a number that is infinite or NaN at offset {}", source.name,
                                    source.file_offset + offset))
      .hint("the file is damaged or was made from a broken model; get it from another source");
}

uint64_t padded(uint64_t bytes) {
  return (bytes + 63) / 64 * 64;
}

}  // namespace

namespace {

Matrix shape_of(const Source& source) {
  const kernels::PanelInfo& info = kernels::panel_for(source.format->id);
  Matrix matrix;
  matrix.info = &info;
  matrix.n_in = source.n_in;
  matrix.n_out = source.n_out;
  matrix.k = (source.n_in + info.block_columns - 1) / info.block_columns * info.block_columns;
  matrix.panel_bytes = info.panel_bytes(matrix.k);
  return matrix;
}

size_t vector_floats(const Source& source) {
  const size_t n = static_cast<size_t>(source.n_in) * source.n_out;
  return (n + kernels::kPanelRows - 1) / kernels::kPanelRows * kernels::kPanelRows;
}

}  // namespace

uint64_t WeightStore::matrix_bytes(const Source& source) {
  if (source.empty()) return 0;
  const Matrix matrix = shape_of(source);
  return padded(matrix.panel_bytes * matrix.n_panels());
}

uint64_t WeightStore::vector_bytes(const Source& source) {
  return source.empty() ? 0 : vector_floats(source) * sizeof(float);
}

void WeightStore::plan(const Source& source, Matrix* matrix) {
  *matrix = shape_of(source);
  plans_.push_back({source, matrix, nullptr});
  bytes_ += padded(matrix->panel_bytes * matrix->n_panels());
}

std::span<const std::byte> WeightStore::Piece::bytes() const {
  const Source& source = plan->source;
  const uint64_t row_bytes = source.format->row_bytes(source.n_in);
  const uint32_t first_row = first_panel * kernels::kPanelRows;
  const uint32_t n_rows = std::min(n_panels * kernels::kPanelRows, source.n_out - first_row);
  return source.bytes.subspan(first_row * row_bytes, n_rows * row_bytes);
}

/// Gives every matrix its place in the buffer, in the order of the file.
void WeightStore::place() {
  std::ranges::sort(plans_, std::less<>(), [](const Plan& plan) { return plan.source.bytes.data(); });
  std::byte* at = buffer_.data();
  for (Plan& plan : plans_) {
    plan.panels = at;
    plan.matrix->panels = at;
    at += padded(plan.matrix->panel_bytes * plan.matrix->n_panels());
  }
}

std::vector<WeightStore::Piece> WeightStore::cut() const {
  std::vector<Piece> pieces;
  for (const Plan& plan : plans_) {
    const size_t panel = plan.source.format->row_bytes(plan.source.n_in) * kernels::kPanelRows;
    const auto step = static_cast<uint32_t>(std::clamp<size_t>(kPieceBytes / panel, 1, 1 << 16));
    const uint32_t n = plan.matrix->n_panels();
    for (uint32_t first = 0; first < n; first += step)
      pieces.push_back({&plan, first, std::min(step, n - first)});
  }
  return pieces;
}

/// One pack(): what its threads share.
class WeightStore::Packing {
 public:
  Packing(std::vector<Piece> pieces, uint64_t bytes, const Options& options)
      : pieces_(std::move(pieces)), bytes_(bytes), options_(options) {
    for (size_t i = 0; i < pieces_.size(); ++i) {
      const auto page = reinterpret_cast<uintptr_t>(pieces_[i].to()) / kHugePage;
      if (i == 0 || page != last_page_) stretches_.push_back(i);
      last_page_ = page;
      largest_ = std::max(largest_, pieces_[i].bytes().size());
    }
    stretches_.push_back(pieces_.size());
    for (size_t stretch = 0; stretch < kPagesAhead; ++stretch)
      expect(stretch);
  }

  /// Bytes that each thread needs at `scratch`.
  size_t scratch_bytes() const { return options_.read ? padded(largest_) : 0; }

  /// Takes stretches until none is left; the caller's thread tells of progress.
  void work(std::byte* scratch, bool is_caller) {
    while (!failed_) {
      const size_t stretch = next_++;
      if (stretch + 1 >= stretches_.size()) return;
      expect(stretch + kPagesAhead);
      for (size_t i = stretches_[stretch]; i < stretches_[stretch + 1]; ++i) {
        if (Status packed = pack(pieces_[i], scratch); !packed) {
          fail(i, std::move(packed));
          break;
        }
        const Piece& piece = pieces_[i];
        const uint64_t done = done_ += piece.plan->matrix->panel_bytes * piece.n_panels;
        if (is_caller && options_.progress) options_.progress(done, bytes_);
      }
    }
  }

  /// The first failure in the order of the file: stretches are begun in that order, and what is begun is finished.
  Status result() { return std::move(status_); }

 private:
  void expect(size_t stretch) const {
    if (!options_.expect || stretch + 1 >= stretches_.size()) return;
    for (size_t i = stretches_[stretch]; i < stretches_[stretch + 1]; ++i)
      options_.expect(pieces_[i].bytes());
  }

  Status pack(const Piece& piece, std::byte* scratch) const {
    const Source& source = piece.plan->source;
    const Matrix& matrix = *piece.plan->matrix;
    std::span<const std::byte> bytes = piece.bytes();
    const auto offset = static_cast<uint64_t>(bytes.data() - source.bytes.data());
    if (options_.read) {
      INGLE_TRY_VOID(options_.read(bytes, scratch));
      bytes = {scratch, bytes.size()};
    }
    if (const auto bad = quant::find_non_finite(*source.format, bytes))
      return std::unexpected(not_finite(source, offset + *bad));
    const uint64_t row_bytes = source.format->row_bytes(source.n_in);
    const std::byte* row = bytes.data();
    const std::byte* const end = row + bytes.size();
    for (uint32_t panel = 0; panel < piece.n_panels; ++panel) {
      std::array<const std::byte*, kernels::kPanelRows> rows{};
      for (uint32_t r = 0; r < kernels::kPanelRows && row != end; ++r, row += row_bytes)
        rows[r] = row;
      matrix.info->pack(*source.format, rows.data(), matrix.n_in, piece.to() + panel * matrix.panel_bytes);
    }
    return {};
  }

  void fail(size_t piece, Status status) {
    failed_ = true;
    const std::lock_guard lock(status_mutex_);
    if (piece >= first_failed_) return;
    first_failed_ = piece;
    status_ = std::move(status);
  }

  const std::vector<Piece> pieces_;
  const uint64_t bytes_;
  const Options& options_;
  std::vector<size_t> stretches_;  // where the pieces of each huge page begin, and the end
  uintptr_t last_page_ = 0;
  size_t largest_ = 0;
  std::atomic<size_t> next_ = 0;
  std::atomic<uint64_t> done_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex status_mutex_;
  size_t first_failed_ = SIZE_MAX;
  Status status_;
};

Status WeightStore::pack(base::ThreadPool& pool, const Options& options) {
  INGLE_TRY_VOID(status_);
  INGLE_TRY(buffer_, Buffer::allocate(bytes_, "the model's weights"));
  place();
  Packing packing(cut(), bytes_, options);
  const size_t scratch_bytes = packing.scratch_bytes();
  INGLE_TRY(const Buffer scratch, Buffer::allocate(scratch_bytes * pool.size(), "reading the model's file"));
  pool.run(pool.size(),
           [&](uint32_t, uint32_t thread) { packing.work(scratch.data() + thread * scratch_bytes, thread == 0); });
  INGLE_TRY_VOID(packing.result());
  if (options.progress) options.progress(bytes_, bytes_);
  plans_.clear();
  read_ = nullptr;
  return {};
}

Vector WeightStore::vector(const Source& source) {
  if (source.empty()) return {};
  // Not through the mapping: the system may map two megabytes around each of these few bytes.
  std::span<const std::byte> bytes = source.bytes;
  std::vector<std::byte> copy(read_ ? bytes.size() : 0);
  if (read_) {
    Status done = read_(bytes, copy.data());
    if (!done && status_) status_ = std::move(done);
    bytes = copy;
  }
  const auto bad = quant::find_non_finite(*source.format, bytes);
  if (bad && status_) status_ = std::unexpected(not_finite(source, *bad));
  const size_t n = static_cast<size_t>(source.n_in) * source.n_out;
  Vector values(vector_floats(source), 0.0F);
  n_vector_bytes_ += values.size() * sizeof(float);
  source.format->dequantize(bytes.data(), values.data(), n / source.format->block_size);
  return values;
}

}  // namespace ingle::backend::cpu
