#include "storage/s3_signature.h"

#include <gtest/gtest.h>

#include "base/percent.h"

namespace inpaint::storage {
namespace {

// The example of "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
TEST(S3SignatureTest, IsThatOfAmazonsExample) {
  const S3Credentials credentials{"us-east-1", "AKIAIOSFODNN7EXAMPLE",
                                  "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
  EXPECT_EQ(sign_url("https://examplebucket.s3.amazonaws.com", "/test.txt", {}, credentials,
                     *Timestamp::parse_iso("2013-05-24T00:00:00Z"), std::chrono::hours(24)),
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
            "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
            "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
            "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST(S3SignatureTest, SortsAndEncodesParameters) {
  EXPECT_EQ(canonical_query({{"uploads", ""}}), "uploads=");
  EXPECT_EQ(canonical_query({{"prefix", "a/b c"}, {"list-type", "2"}, {"X", "é=&"}}),
            "X=%C3%A9%3D%26&list-type=2&prefix=a%2Fb%20c");
  EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
}

TEST(S3SignatureTest, ALentKeyBringsItsToken) {
  const S3Credentials lent{"eu-central-1", "key", "secret", "to/ken"};
  const std::string url =
      sign_url("http://127.0.0.1:9000", "/bucket/a.png", {{"response-content-type", "image/png"}}, lent,
               Timestamp{}, std::chrono::minutes(5));
  EXPECT_NE(url.find("&X-Amz-Security-Token=to%2Fken&"), std::string::npos);
  EXPECT_NE(url.find("&response-content-type=image%2Fpng&X-Amz-Signature="), std::string::npos);
  EXPECT_NE(url.find("X-Amz-Expires=300&"), std::string::npos);
}

}  // namespace
}  // namespace inpaint::storage
