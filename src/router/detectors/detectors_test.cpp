#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>
#include <string>

#include "router/detectors/detector.h"
#include "router/detectors/scan.h"
#include "router/fold.h"

namespace ingle::router {
namespace {

std::set<std::string> kinds(std::string_view text) {
  std::set<std::string> result;
  for (const Finding& finding : find_private(text))
    result.emplace(finding.kind);
  return result;
}

struct Case {
  const char* text;
  const char* kind;  // nullptr: nothing of any kind
};

void expect(std::span<const Case> cases) {
  for (const auto& [text, kind] : cases) {
    if (kind == nullptr) {
      EXPECT_EQ(kinds(text), std::set<std::string>{}) << text;
    } else {
      EXPECT_TRUE(kinds(text).contains(kind)) << text;
    }
  }
}

TEST(Iban, is_found_however_it_is_written) {
  const Case cases[] = {
      {"DE89370400440532013000", "iban"},
      {"IBAN: DE89 3704 0044 0532 0130 00.", "iban"},
      {"Bitte an de89-3704-0044-0532-0130-00 zahlen", "iban"},
      {"D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0", "iban"},
      {"DE89 3704 0044\n0532 0130 00", "iban"},
      {"IBANDE89370400440532013000EUR", "iban"},
      {"DE89\u20093704\u200B0044\u00A005320130\u206000", "iban"},
      {"\uFF24\uFF25\uFF18\uFF19\uFF13\uFF17\uFF10\uFF14\uFF10\uFF10\uFF14\uFF14\uFF10\uFF15\uFF13\uFF12\uFF10\uFF11\uFF13\uFF10\uFF10\uFF10",
       "iban"},
      {"GB29 NWBK 6016 1331 9268 19", "iban"},
      {"\u0412E68 5390 0754 7034", "iban"},  // a Cyrillic letter in the country
      {"FR14 2004 1010 0505 0001 3M02 606", "iban"},
      {"NO93 8601 1117 947", "iban"},
      {"MT84MALT011000012345MTLCAST001S", "iban"},
      {"DE89 \u0663\u0667\u0660\u0664 0044 0532 0130 00", "iban"},  // Arabic-Indic digits
  };
  expect(cases);
}

TEST(Iban, needs_its_country_structure_and_check_digits) {
  const Case cases[] = {{"DE89370400440532013001", nullptr},      {"DE88370400440532013000", nullptr},
                        {"XX89370400440532013000", nullptr},      {"DE8937040044053201300", nullptr},
                        {"GB29 NWBK 6016 1331 9268 1A", nullptr}, {"no 12 more items at 15", nullptr},
                        {"be careful with 12 of them", nullptr}};
  expect(cases);
}

TEST(Card, is_found_in_groups_and_in_disguise) {
  const Case cases[] = {
      {"4111111111111111", "card"},
      {"4111 1111 1111 1111", "card"},
      {"card 4111-1111-1111-1111, exp 12/29", "card"},
      {"3782 822463 10005", "card"},
      {"4111  1111 \u2013 1111.1111", "card"},
      {"4\u200B111\u200B1111\u200D11111111", "card"},
      {"\uFF14\uFF11\uFF11\uFF11 1111 1111 1111", "card"},
      {"4111 1111\n1111 1111", "card"},
      {"5555555555554444", "card"},
      {"2223003122003222", "card"},
      {"6011111111111117", "card"},
      {"3530111333300000", "card"},
      {"30569309025904", "card"},
      {"No. 7: 4111111111111111!", "card"},
      {"card4111111111111111", "card"},
  };
  expect(cases);
}

TEST(Card, needs_an_issuer_a_length_and_the_check_digit) {
  const Case cases[] = {{"4111111111111112", nullptr},       {"411111111111111", nullptr},
                        {"1111111111111117", nullptr},       {"41111111111111111111111", nullptr},
                        {"4111\n1111\n1111\n1111", nullptr}, {"in 1998 and 2004, 2008 and 2012", nullptr}};
  expect(cases);
}

TEST(Email, is_found_with_its_last_label_no_number) {
  const Case cases[] = {{"write to Anna.Keller+x@mail.example.com.", "email"},
                        {"<a@b.de>", "email"},
                        {"m\u00FCller@b\u00FCcher.de", "email"},
                        {"user@xn--80ak6aa92e.com", "email"},
                        {"anna\uFF20example\u3002com", "email"},
                        {"an\u00ADna@exam\u200Bple.com", "email"},
                        {"a@b", nullptr},
                        {"info@presidio.", nullptr},
                        {"@handle and @other.name", nullptr},
                        {"lodash@4.17.21", nullptr},
                        {"x @ y.de", nullptr},
                        {"a@b..de", nullptr}};
  expect(cases);
}

TEST(Phone, is_found_in_the_forms_that_people_write) {
  const Case cases[] = {{"+49 30 1234567", "phone"},  {"+49 (0)171 / 123 45 67", "phone"},
                        {"0049 30 1234567", "phone"}, {"Tel. 030 1234567", "phone"},
                        {"0171/1234567", "phone"},    {"(415) 555-0132", "phone"},
                        {"415-555-0132", "phone"},    {"1-415-555-0132", "phone"},
                        {"+15551234567", "phone"},    {"(88) 684-3340", "phone"},
                        {"Tel: 785 8949", "phone"},   {"2813882583 mobile", "phone"},
                        {"on 12.03.2024", nullptr},   {"1234567890", nullptr},
                        {"0.123 4567", nullptr},      {"2024-11-22 10:30", nullptr},
                        {"+5 - 3", nullptr},          {"007 agents", nullptr},
                        {"100 000 000 EUR", nullptr}};
  expect(cases);
}

TEST(IpAddress, is_found_unless_it_is_this_machine) {
  const Case cases[] = {{"at 192.168.1.7,", "ip"},
                        {"2001:db8::8a2e:370:7334", "ip"},
                        {"[2001:db8::1]:8080", "ip"},
                        {"10.0.0.1:8080", "ip"},
                        {"::ffff:192.0.2.1", "ip"},
                        {"127.0.0.1", nullptr},
                        {"::1", nullptr},
                        {"0.0.0.0", nullptr},
                        {"256.1.1.1", nullptr},
                        {"MyClass::toString", nullptr},
                        {"aa:bb:cc:dd:ee:ff", nullptr},
                        {"12:30", nullptr},
                        {"1.2.3", nullptr},
                        {"2001::db8::1", nullptr}};
  expect(cases);
}

TEST(GovernmentIds, need_their_check_digits) {
  const Case cases[] = {{"Steuer-ID 86 095 742 719", "tax_id"},
                        {"86095742719", "tax_id"},
                        {"86095742718", nullptr},
                        {"11111111111", nullptr},
                        {"DE136695976", "vat_id"},
                        {"de 136 695 976", "vat_id"},
                        {"DE136695977", nullptr},
                        {"ATU10223006", "vat_id"},
                        {"ATU10223007", nullptr},
                        {"BE0403170701", "vat_id"},
                        {"FR40303265045", "vat_id"},
                        {"FR41303265045", nullptr},
                        {"IT00743110157", "vat_id"},
                        {"IT00743110158", nullptr},
                        {"PL5260001246", "vat_id"},
                        {"SSN 078-05-1123", "ssn"},
                        {"078-05-0000", nullptr},
                        {"666-05-1123", nullptr},
                        {"078-05-112", nullptr}};
  expect(cases);
}

TEST(Secrets, are_found_by_their_mark) {
  const std::string filler = "0123456789abcdefghijABCDEFGHIJ0123456789";
  for (const std::string& text :
       {std::string("AKIA") + "IOSFODNN7EXAMPLE", "ghp_" + filler.substr(0, 36), "github_pat_" + filler.substr(0, 22),
        "glpat-" + filler.substr(0, 20), "xoxb-" + std::string("123456789012-abcdef"),
        "sk_live_" + filler.substr(0, 24), "sk-proj-" + filler.substr(0, 30), "AIza" + filler.substr(0, 35),
        "hf_" + filler.substr(0, 34), std::string("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"),
        std::string("-----BEGIN RSA PRIVATE KEY-----\nMIIE"), std::string("-----BEGIN OPENSSH PRIVATE KEY-----")}) {
    EXPECT_EQ(kinds(text), std::set<std::string>{"secret"}) << text;
    EXPECT_EQ(kinds("use '" + text + "' here"), std::set<std::string>{"secret"}) << text;
  }
  const Case cases[] = {{"task-based-learning-in-the-classroom", nullptr},
                        {"sk-learn is a library", nullptr},
                        {"-----BEGIN CERTIFICATE-----", nullptr},
                        {"AKIA", nullptr},
                        {"disk-0123456789abcdefghij", nullptr}};
  expect(cases);
}

TEST(Secrets, are_found_beside_their_word) {
  const Case cases[] = {
      {"password=hunter2", "secret"},
      {"Password: Tr0ub4dor&3", "secret"},
      {"DB_PASSWORD='correcthorse'", "secret"},
      {"mein Passwort lautet Sommer2024!", "secret"},
      {"the password is hunter22", "secret"},
      {"{\"clientSecret\": \"q8Zt0x7LmP2vRk4sYw1b\"}", "secret"},
      {"api_key = 9f8e7d6c5b4a39281706f5e4", "secret"},
      {"Authorization: Bearer q8Zt0x7LmP2vRk4sYw1b", "secret"},
      {"postgres://app:s3cret@db/prod", "secret"},
      {"How do I reset my password?", nullptr},
      {"The password is required.", nullptr},
      {"password: <your password>", nullptr},
      {"password=${DB_PASSWORD}", nullptr},
      {"password = getpass.getpass()", nullptr},
      {"Password: ********", nullptr},
      {"the next token is chosen by sampling", nullptr},
      {"a secret garden in 1911", nullptr},
      {"https://example.com/a:b@c", nullptr},
  };
  expect(cases);
}

TEST(Findings, point_into_the_original_text) {
  const std::string text = "Zahlung an DE89\u200B3704 0044 0532 0130 00 bis morgen";
  const auto findings = find_private(text);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(text.substr(findings[0].span.begin, findings[0].span.end - findings[0].span.begin),
            "DE89\u200B3704 0044 0532 0130 00");
}

TEST(Findings, of_one_kind_never_overlap) {
  rc::check([](const std::string& noise) {
    const std::string text = noise + " 4111111111111111 a@b.de +49 30 1234567 password=hunter2 " + noise;
    const auto findings = find_private(text);
    RC_ASSERT(findings.size() >= 4U);
    for (size_t i = 1; i < findings.size(); ++i) {
      if (findings[i].kind == findings[i - 1].kind) RC_ASSERT(findings[i].span.begin >= findings[i - 1].span.end);
    }
  });
}

TEST(Findings, everything_of_an_alphabet_of_traps_is_survived) {
  // Whatever the text, every span lies inside it and holds something.
  rc::check([] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "@", ".", "a", "1", "4111", "DE89", "+", "0", "-", " ", "\n", ":", "://", "password", "=", "eyJ", "-BEGIN ",
        "PRIVATE KEY", "\xFF", "\u200B", "\xE2\x80", "sk-", "(", ")"));
    std::string text;
    for (const std::string& piece : pieces)
      text += piece;
    for (const Finding& finding : find_private(text)) {
      RC_ASSERT(finding.span.begin < finding.span.end);
      RC_ASSERT(finding.span.end <= text.size());
    }
  });
}

TEST(Fold, keeps_ordinary_text_and_its_places) {
  const std::string text = "Grüße, 東京 — ok";
  const Folded folded = fold(text);
  EXPECT_EQ(folded.text, "Grüße, 東京 - ok");
  ASSERT_EQ(folded.origin.size(), folded.text.size() + 1);
  EXPECT_EQ(folded.origin.back(), text.size());
}

}  // namespace
}  // namespace ingle::router
