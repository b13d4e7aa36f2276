#include "cli/config.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <map>
#include <vector>

namespace inpaint::cli {
namespace {

// Sets variables of the environment for the time of a test.
class ConfigTest : public testing::Test {
 protected:
  ~ConfigTest() override {
    for (const auto& [name, value] : set_) ::unsetenv(name.c_str());
  }

  void set(const std::string& name, const std::string& value) {
    set_[name] = value;
    ::setenv(name.c_str(), value.c_str(), 1);
  }

  static Config parse(std::vector<std::string> arguments) {
    Config config;
    CLI::App app;
    add_data_options(app, config);
    add_queue_options(app, config);
    add_worker_options(app, config);
    add_account_options(app, config);
    add_server_options(app, config);
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    app.parse(std::move(arguments));
    return config;
  }

  // What is said when an option is refused; "" when it isn't.
  static std::string refusal(const std::string& flag, const std::string& value) {
    try {
      parse({flag, value});
    } catch (const CLI::ParseError& error) {
      return error.what();
    }
    return "";
  }

 private:
  std::map<std::string, std::string> set_;
};

TEST_F(ConfigTest, NothingIsRequired) {
  const Config config = parse({});
  EXPECT_EQ(config.port, 3000);
  EXPECT_EQ(config.data_directory, "./data");
  EXPECT_EQ(config.session_lifetime, std::chrono::hours(24));
  EXPECT_GE(config.worker_concurrency, 1U);
}

TEST_F(ConfigTest, trap_Q6_every_documented_variable_has_its_effect) {
  set("WORKER_CONCURRENCY", "0");
  set("BCRYPT_SALT_ROUNDS", "4");
  set("JWT_EXPIRES_IN", "30m");
  set("LOG_LEVEL", "warn");
  set("HOST", "127.0.0.1");
  set("PORT", "65535");
  set("RATE_LIMIT", "off");
  set("MAXIMUM_MEGAPIXELS", "2");
  set("MAXIMUM_UPLOAD_MEGABYTES", "3");
  set("REDIS_HOST", "10.0.0.1");
  set("REDIS_PORT", "6380");
  set("REDIS_PREFIX", "ours");
  set("RING_AGAIN_AFTER", "5s");
  set("DATA_DIRECTORY", "here");
  set("UPLOAD_DIRECTORY", "there");
  set("JWT_SECRET", std::string(32, 's'));
  set("ADMIN_EMAIL", "root@example.com");
  set("ADMIN_PASSWORD", "a long password");
  set("ADMIN_NAME", "Grace");
  set("ADMIN_SURNAME", "Hopper");
  const Config config = parse({});
  EXPECT_EQ(config.worker_concurrency, 0U);
  EXPECT_EQ(config.bcrypt_cost, 4);
  EXPECT_EQ(config.session_lifetime, std::chrono::minutes(30));
  EXPECT_EQ(config.log_level, log::Level::kWarn);
  EXPECT_EQ(config.host, "127.0.0.1");
  EXPECT_EQ(config.port, 65'535);
  EXPECT_EQ(config.requests_per_minute, 0);
  EXPECT_EQ(config.maximum_pixels, 2'000'000);
  EXPECT_EQ(config.maximum_upload_bytes, 3 * 1024 * 1024);
  EXPECT_EQ(config.redis_host, "10.0.0.1");
  EXPECT_EQ(config.redis_port, 6380);
  EXPECT_EQ(config.redis_prefix, "ours");
  EXPECT_EQ(config.ring_again_after, std::chrono::seconds(5));
  EXPECT_EQ(config.data_directory, "here");
  EXPECT_EQ(config.upload_directory, "there");
  EXPECT_EQ(config.jwt_secret, std::string(32, 's'));
  EXPECT_EQ(config.administrator_email, "root@example.com");
  EXPECT_EQ(config.administrator_password, "a long password");
  EXPECT_EQ(config.administrator_name, "Grace");
  EXPECT_EQ(config.administrator_surname, "Hopper");
}

TEST_F(ConfigTest, trap_Q6_the_variables_of_the_black_box_say_where_it_is_and_where_it_listens) {
  set("INFERENCE_BLACKBOX_HOST", "engine.example");
  set("INFERENCE_BLACKBOX_PORT", "5001");
  set("INFERENCE_BLACKBOX_UPLOAD_DIR", "shared");
  set("INFERENCE_BLACKBOX_TIMEOUT", "2m");
  set("INFERENCE_BLACKBOX_PATIENCE", "3s");
  set("INFERENCE_BLACKBOX_LOG_LEVEL", "error");
  const Config client = parse({});
  EXPECT_EQ(client.blackbox_host, "engine.example");
  EXPECT_EQ(client.blackbox_port, 5001);
  EXPECT_EQ(blackbox_directory(client), "shared");
  EXPECT_EQ(client.blackbox_timeout, std::chrono::minutes(2));
  EXPECT_EQ(client.blackbox_patience, std::chrono::seconds(3));
  EXPECT_EQ(client.log_level, log::Level::kInfo);

  Config server;
  CLI::App app;
  add_blackbox_options(app, server);
  app.parse(std::vector<std::string>{});
  EXPECT_EQ(server.blackbox_listen_host, "engine.example");
  EXPECT_EQ(server.blackbox_listen_port, 5001);
  EXPECT_EQ(blackbox_directory(server), "shared");
  EXPECT_EQ(server.log_level, log::Level::kError);
  set("INFERENCE_BLACKBOX_DEBUG", "true");
  app.parse(std::vector<std::string>{});
  EXPECT_EQ(server.log_level, log::Level::kDebug);
}

TEST_F(ConfigTest, trap_F2_the_black_box_listens_on_loopback_and_shares_the_uploads) {
  const Config config = parse({});
  EXPECT_EQ(config.blackbox_listen_host, "127.0.0.1");
  EXPECT_EQ(blackbox_directory(config), "./data/uploads");
}

TEST_F(ConfigTest, trap_Q6_the_black_box_follows_where_the_uploads_go) {
  set("UPLOAD_DIRECTORY", "elsewhere");
  Config server;
  CLI::App app;
  add_blackbox_options(app, server);
  app.parse(std::vector<std::string>{});
  EXPECT_EQ(blackbox_directory(server), "elsewhere");
}

TEST_F(ConfigTest, AFlagWeighsMoreThanTheEnvironment) {
  set("PORT", "1111");
  EXPECT_EQ(parse({"--port", "2222"}).port, 2222);
  EXPECT_EQ(parse({}).port, 1111);
}

TEST_F(ConfigTest, TellsWhatIsAllowed) {
  for (const char* port : {"65536", "-1", "80x", "", " 80", "99999999999999999999"}) {
    EXPECT_NE(refusal("--port", port).find("a whole number from 0 to 65535"), std::string::npos) << port;
  }
  EXPECT_NE(refusal("--rate-limit", "0").find("off, or a whole number from 1"), std::string::npos);
  EXPECT_NE(refusal("--log-level", "loud").find("debug, info, warn, error, off"), std::string::npos);
  EXPECT_NE(refusal("--admin-email", "nobody").find("an e-mail address"), std::string::npos);
  EXPECT_NE(refusal("--jwt-secret", std::string(31, 's')).find("it has 31"), std::string::npos);
}

TEST_F(ConfigTest, ReadsDurations) {
  EXPECT_EQ(parse({"--jwt-expires-in", "3600"}).session_lifetime, std::chrono::hours(1));
  EXPECT_EQ(parse({"--jwt-expires-in", "7d"}).session_lifetime, std::chrono::hours(7 * 24));
  EXPECT_EQ(parse({"--jwt-expires-in", "365d"}).session_lifetime, std::chrono::hours(365 * 24));
  for (const char* text : {"", "h", "0", "-1h", "1.5h", "1w", "366d", "9223372036854775807d", "24 h"}) {
    EXPECT_NE(refusal("--jwt-expires-in", text).find("a time like 24h"), std::string::npos) << text;
  }
}

TEST_F(ConfigTest, NeverRepeatsASecret) {
  EXPECT_EQ(refusal("--admin-password", "hunter2").find("hunter2"), std::string::npos);
  EXPECT_EQ(refusal("--jwt-secret", "hunter2").find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace inpaint::cli
