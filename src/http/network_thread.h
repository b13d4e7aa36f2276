#pragma once

#include <atomic>
#include <thread>
#include <unordered_set>

#include "http/connection.h"

namespace inpaint::http {

// A thread with its own event loop and the connections that live on it.
class NetworkThread {
 public:
  NetworkThread(Shared& shared, Pools& pools);
  ~NetworkThread() { join(); }
  NetworkThread(const NetworkThread&) = delete;
  NetworkThread& operator=(const NetworkThread&) = delete;

  asio::io_context& context() { return context_; }
  std::size_t connections() const { return count_.load(std::memory_order_relaxed); }

  void start();
  // Takes the connection over; from any thread. The socket belongs to context().
  void adopt(Socket socket, AddressLimit::Place place);
  // The same for one that is only told why; closes it at once where too many are being told already.
  void turn_away(Socket socket, Error reason);
  // For every connection, on the thread; from any thread.
  void finish_up();
  void cut_off();
  // When no connection is left.
  void join();

 private:
  Task<void> serve(Socket socket, AddressLimit::Place place);
  Task<void> refuse(Socket socket, Error reason);
  Task<void> watch_deadlines();

  Shared& shared_;
  asio::io_context context_{1};
  Gates gates_;
  Authenticator authenticator_;
  asio::executor_work_guard<Executor> work_{context_.get_executor()};
  Timer watch_{context_};
  DateHeader date_;
  std::unordered_set<Connection*> open_;
  std::atomic<std::size_t> count_ = 0;
  bool is_finishing_ = false;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace inpaint::http
