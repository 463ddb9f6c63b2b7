#include "convert/convert_job.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "convert/bert.h"

namespace ingle::convert {
namespace {

constexpr size_t kMaxTextFile = size_t{64} << 20;
constexpr size_t kBuffer = size_t{1} << 20;

/// A payload of our own front; a wrong one is a broken invariant of ours, told and not trusted.
struct Payload {
  std::string model;
  std::vector<std::string> names;
};

Payload read_payload(std::string_view text) {
  Payload payload;
  bool first = true;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line(text.substr(at, end - at));
    if (first) {
      payload.model = line;
    } else {
      payload.names.push_back(line);
    }
    first = false;
    at = end + 1;
  }
  return payload;
}

class Output {
 public:
  explicit Output(int fd) : fd_(fd) {}

  Status write(std::string_view bytes) {
    buffer_ += bytes;
    return buffer_.size() < kBuffer ? Status() : flush();
  }

  Status flush() {
    for (size_t at = 0; at < buffer_.size();) {
      const ssize_t n = ::write(fd_, buffer_.data() + at, buffer_.size() - at);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return std::unexpected(Error::io("cannot write the converted model", errno));
      at += static_cast<size_t>(n);
    }
    buffer_.clear();
    return {};
  }

 private:
  int fd_;
  std::string buffer_;
};

}  // namespace

std::string convert_payload(std::string_view model_name, std::span<const std::string> file_names) {
  std::string payload(model_name);
  for (const std::string& name : file_names)
    payload += '\n' + name;
  return payload;
}

Result<std::string> convert_job(std::string_view payload_text, std::span<const base::FileDescriptor> files) {
  const Payload payload = read_payload(payload_text);
  if (files.size() != payload.names.size() + 1)
    return std::unexpected(Error::internal("a conversion whose files are not those that it names"));
  std::map<std::string, base::MappedFile> inputs;
  for (size_t i = 0; i < payload.names.size(); ++i) {
    INGLE_TRY(base::MappedFile input, base::MappedFile::map(files[i], payload.names[i]));
    inputs.insert_or_assign(payload.names[i], std::move(input));
  }
  const auto bytes_of = [&](const std::string& name) {
    const auto found = inputs.find(name);
    return found == inputs.end() ? std::span<const std::byte>() : found->second.bytes();
  };
  const auto text_of = [&](const std::string& name) -> Result<std::string_view> {
    const auto bytes = bytes_of(name);
    if (bytes.size() > kMaxTextFile)
      return std::unexpected(
          Error::refused(fmt::format("{}: {} bytes, at most {} are accepted", name, bytes.size(), kMaxTextFile)));
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  BertFiles bert;
  bert.name = payload.model;
  bert.weights = bytes_of("model.safetensors");
  INGLE_TRY(bert.config, text_of("config.json"));
  INGLE_TRY(bert.tokenizer, text_of("tokenizer.json"));
  INGLE_TRY(bert.pooling, text_of("pooling.json"));
  Output output(files.back().get());
  INGLE_TRY_VOID(convert_bert(bert, [&](std::string_view bytes) { return output.write(bytes); }));
  INGLE_TRY_VOID(output.flush());
  return std::string();
}

}  // namespace ingle::convert
