#include "admin/patterns.h"

#include <array>

namespace inpaint::admin {
namespace {

constexpr std::array kPatterns{
    Pattern{"Chain of Responsibility", "the steps of http/middleware.cpp, and http::Router after them"},
    Pattern{"Controller", "routes.cpp of each feature"},
    Pattern{"Repository, DAO", "repository.cpp of each feature"},
    Pattern{"Proxy", "queue::Queue: what a service says to workers it never sees"},
    Pattern{"Adapter",
            "inferences::Backend, with InProcessBackend in front of media and engine, BlackboxBackend in "
            "front of "
            "somebody else's service"},
    Pattern{"Strategy", "the models of engine/, one function a file, chosen in engine.cpp"},
    Pattern{"Circuit Breaker", "client::CircuitBreaker before a black box and a bucket"},
    Pattern{"Factory",
            "open_sqlite, open_postgres, make_local_storage, make_s3_storage, make_embedded_queue, "
            "make_bullmq_queue; cli::Platform decides which"},
    Pattern{"Observer",
            "http::EventStream over inferences::StatusFeed; ServerOptions::observe feeding cli::Metrics"},
    Pattern{"Decorator",
            "log::Scope around a request, so that every line says whose it is; Database::read and "
            "Database::transaction around a piece of work"},
    Pattern{"Singleton", "nobody: what exists once is owned by cli::serve and handed out by reference"},
};

}  // namespace

std::span<const Pattern> patterns() {
  return kPatterns;
}

}  // namespace inpaint::admin
