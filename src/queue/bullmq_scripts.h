#pragma once

#include "queue/redis.h"

// BullMQ's own Lua scripts, which are its protocol for clients in any language, each in a loop over many
// calls (many_calls.lua). Their text is taken out of the npm package when the build is configured
// (cmake/bullmq_scripts.cmake); what keys and arguments each takes is written at its head there. It is
// changed so that Redis has less work for the same (cmake/bullmq_lighter.cmake). Without the package their
// texts are empty.
namespace inpaint::queue::bullmq {

using redis::Script;

extern const Script kAddDelayedJob;
extern const Script kAddPrioritizedJob;
extern const Script kAddStandardJob;
extern const Script kChangePriority;
extern const Script kExtendLock;
extern const Script kGetCounts;
extern const Script kMoveJobFromActiveToWait;
extern const Script kMoveStalledJobsToWait;
extern const Script kMoveToActive;
extern const Script kMoveToDelayed;
extern const Script kMoveToFinished;
extern const Script kPause;
extern const Script kRemoveJob;
extern const Script kUpdateProgress;

}  // namespace inpaint::queue::bullmq
