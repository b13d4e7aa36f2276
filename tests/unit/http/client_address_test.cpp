#include "http/client_address.h"

#include <gtest/gtest.h>

#include "unit/http/server_test.h"

namespace inpaint::http {
namespace {

std::string address(unsigned proxies, std::initializer_list<const char*> forwarded) {
  Headers headers;
  for (const char* value : forwarded) headers.add("x-forwarded-FOR", value);
  return client_address("10.0.0.1", headers, proxies);
}

TEST(ClientAddressTest, NobodyIsTrustedUnlessTold) {
  EXPECT_EQ(address(0, {"1.2.3.4"}), "10.0.0.1");
}

TEST(ClientAddressTest, IsWhatTheTrustedProxyHasAdded) {
  EXPECT_EQ(address(1, {"1.2.3.4"}), "1.2.3.4");
  EXPECT_EQ(address(1, {"2001:db8::1"}), "2001:db8::1");
  EXPECT_EQ(address(2, {"1.2.3.4, 5.6.7.8"}), "1.2.3.4");
  EXPECT_EQ(address(2, {"1.2.3.4", "5.6.7.8"}), "1.2.3.4") << "several fields are one list";
}

TEST(ClientAddressTest, WhatTheClientWroteBeforeItCountsForNothing) {
  EXPECT_EQ(address(1, {"9.9.9.9, 8.8.8.8 ,1.2.3.4 "}), "1.2.3.4");
  EXPECT_EQ(address(1, {"9.9.9.9", "1.2.3.4"}), "1.2.3.4");
  EXPECT_EQ(address(2, {"9.9.9.9, 1.2.3.4, 5.6.7.8"}), "1.2.3.4");
}

TEST(ClientAddressTest, IsThePeersWhereTheProxySaysNothingSensible) {
  EXPECT_EQ(address(1, {}), "10.0.0.1");
  for (const char* nonsense :
       {"", ",", "unknown", "1.2.3.4,", "1.2.3.4:80", "1.2.3", "'; DROP TABLE users"}) {
    EXPECT_EQ(address(1, {nonsense}), "10.0.0.1") << nonsense;
  }
  EXPECT_EQ(address(2, {"1.2.3.4"}), "10.0.0.1") << "it did not come through both";
}

class TrustedProxyTest : public test::ServerTest {
 protected:
  TrustedProxyTest() { options_.requests_per_minute = 2; }

  // The statuses of three requests that say they are forwarded for these.
  std::vector<int> ask(std::initializer_list<const char*> forwarded) {
    start();
    std::vector<int> statuses;
    for (const std::string value : forwarded) {
      statuses.push_back(test::Client(port_).ask("GET /quick HTTP/1.1\r\nX-Forwarded-For: " + value).status);
    }
    return statuses;
  }
};

TEST_F(TrustedProxyTest, trap_F7_a_client_does_not_escape_the_rate_limit_by_inventing_addresses) {
  EXPECT_EQ(ask({"1.1.1.1", "2.2.2.2", "3.3.3.3"}), (std::vector<int>{200, 200, 429}));
}

TEST_F(TrustedProxyTest, trap_F7_nor_behind_a_proxy) {
  options_.trusted_proxies = 1;
  EXPECT_EQ(ask({"1.1.1.1, 7.7.7.7", "2.2.2.2, 7.7.7.7", "3.3.3.3, 7.7.7.7"}),
            (std::vector<int>{200, 200, 429}));
}

TEST_F(TrustedProxyTest, ClientsOfAProxyAreCountedOneByOne) {
  options_.trusted_proxies = 1;
  EXPECT_EQ(ask({"7.7.7.1", "7.7.7.2", "7.7.7.3"}), (std::vector<int>{200, 200, 200}));
}

}  // namespace
}  // namespace inpaint::http
