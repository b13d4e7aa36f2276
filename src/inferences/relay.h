#pragma once

#include "database/database.h"
#include "inferences/background_loop.h"
#include "queue/queue.h"

namespace inpaint::inferences {

// Carries rings from the outbox to the queue. A ring is written in the transaction of its inference and
// removed only when the queue has taken it: a queue that is down delays work and loses none.
class Relay {
 public:
  Relay(database::Database& database, queue::Queue& queue);

  void start();
  void stop() { loop_.stop(); }

  // There is a new ring.
  void wake() { loop_.wake(); }

  // Carries what is there, on the calling thread. Throws when the queue does not answer.
  void carry();

 private:
  database::Database& database_;
  queue::Queue& queue_;
  BackgroundLoop loop_;
};

}  // namespace inpaint::inferences
