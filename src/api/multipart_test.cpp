#include "api/multipart.h"

#include <gtest/gtest.h>

namespace ingle::api {
namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=\"b c\"";

TEST(Multipart, gives_the_parts_with_names_and_bytes_as_they_are) {
  const std::string bytes("\0\r\n--b\r\n", 8);
  const std::string body =
      "--b c\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \\\"q\\\".pdf\"\r\n"
      "Content-Type: Application/PDF; x=y\r\n\r\n" +
      bytes + "\r\n--b c\r\ncontent-disposition: form-data;name=options\r\n\r\n{}\r\n--b c--\r\nafter";
  const auto parts = parse_multipart(kType, body);
  ASSERT_TRUE(parts.has_value()) << parts.error().message();
  ASSERT_EQ(parts->size(), 2U);
  EXPECT_EQ((*parts)[0].name, "file");
  EXPECT_EQ((*parts)[0].file_name, "a \"q\".pdf");
  EXPECT_EQ((*parts)[0].content_type, "application/pdf");
  EXPECT_EQ((*parts)[0].body, bytes);
  EXPECT_EQ((*parts)[1].name, "options");
  EXPECT_EQ((*parts)[1].body, "{}");
}

TEST(Multipart, an_empty_form_and_an_empty_part_are_possible) {
  EXPECT_TRUE(parse_multipart(kType, "--b c--")->empty());
  const auto parts = parse_multipart(kType, "--b c\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--b c--");
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ((*parts)[0].body, "");
}

TEST(Multipart, what_breaks_the_form_is_refused) {
  const std::string head = "--b c\r\nContent-Disposition: form-data; name=\"a\"\r\n";
  for (const std::string& body :
       {std::string(), std::string("x"), std::string("--b c"), std::string("--b cx"), std::string("--b c\r\n"),
        head + "\r\nbreaks off", head + "no blank line\r\n--b c--", std::string("--b c\r\n\r\nno name\r\n--b c--"),
        std::string("--b c\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n\r\n--b c--"),
        std::string("--b c\r\nContent-Disposition: form-data; name\r\n\r\n\r\n--b c--"),
        "--b c\r\nX: " + std::string(5000, 'x') + "\r\n\r\n\r\n--b c--"})
    EXPECT_EQ(parse_multipart(kType, body).error().code(), ErrorCode::kUsage) << body.substr(0, 60);
  std::string many;
  for (int i = 0; i < 17; ++i)
    many += head + "\r\n\r\n";
  EXPECT_FALSE(parse_multipart(kType, many + "--b c--").has_value());
}

TEST(Multipart, a_content_type_without_a_usable_boundary_is_refused) {
  for (const std::string& type : {std::string("multipart/form-data"), std::string("multipart/form-data; boundary="),
                                  "multipart/form-data; boundary=" + std::string(71, 'x')})
    EXPECT_FALSE(parse_multipart(type, "--").has_value());
}

}  // namespace
}  // namespace ingle::api
