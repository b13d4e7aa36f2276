#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "queue/redis.h"
#include "unit/temporary_directory.h"

namespace inpaint::test {

// A Redis of the test's own on a free port of the loopback, which keeps nothing.
class RedisServer {
 public:
  RedisServer() : port_(free_port()) { start(); }
  ~RedisServer() { stop(); }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  std::uint16_t port() const { return port_; }

  // Again on the same port, and empty.
  void start() {
    const std::string port = std::to_string(port_);
    const std::string directory = directory_.path().string();
    std::vector<std::string> arguments{
        "redis-server", "--port",  port,        "--bind", "127.0.0.1",          "--save",    "",
        "--dir",        directory, "--logfile", "log",    "--maxmemory-policy", "noeviction"};
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    if (posix_spawnp(&process_, "redis-server", nullptr, nullptr, pointers.data(), environ) != 0) {
      throw std::runtime_error("redis-server can't be started; ./test installs it");
    }
    for (int i = 0; i < 500; ++i) {
      try {
        queue::redis::Connection({"127.0.0.1", port_}, "").send({"PING"});
        return;
      } catch (const std::exception&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    }
    throw std::runtime_error("redis-server does not answer");
  }

  void stop() {
    if (process_ == 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }

  queue::redis::Reply command(const queue::redis::Command& command) {
    return queue::redis::Connection({"127.0.0.1", port_}, "").send(command);
  }

 private:
  static std::uint16_t free_port() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(listener, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    close(listener);
    return ntohs(address.sin_port);
  }

  TemporaryDirectory directory_;
  const std::uint16_t port_;
  pid_t process_ = 0;
};

}  // namespace inpaint::test
