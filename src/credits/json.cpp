#include "credits/json.h"

#include "credits/prices.h"

namespace inpaint::credits {

http::Json to_json(const Entry& entry) {
  return {{"id", entry.id},
          {"type", entry.type},
          {"amount", http::to_json(entry.amount)},
          {"status", entry.status},
          {"balanceBefore", http::to_json(entry.balance_before)},
          {"balanceAfter", http::to_json(entry.balance_after)},
          {"operationId", entry.operation_id},
          {"description", entry.description},
          {"createdAt", entry.created_at.to_iso()}};
}

http::Json prices_json() {
  return {{"imageUpload", http::to_json(kImageUpload)},
          {"videoUploadFrame", http::to_json(kVideoUploadFrame)},
          {"zipPair", http::to_json(kArchivePair)},
          {"imageInference", http::to_json(kImageInference)},
          {"videoFrameInference", http::to_json(kFrameInference)}};
}

}  // namespace inpaint::credits
