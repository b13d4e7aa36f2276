#pragma once

#include <string>

#include "base/time.h"
#include "database/database.h"

// The SQL by which files are told from those that belong to nothing. Every function is one step of the
// caller's read or transaction.
namespace inpaint::inferences::repository {

using database::Session;

// Whether a row names the blob: an item, or the source of a video, of a dataset that somebody has, or had
// after `gone_before`; an item of live work; or a result that can be downloaded. Or may be about to: the blob
// is of a dataset to which an upload is under way, or of a live inference.
bool is_named(Session& sql, const std::string& key, Timestamp gone_before);

// Uploads that have told nothing since `before`: their processes are dead, and if not, they fail.
void forget_uploads(Session& sql, Timestamp before);

}  // namespace inpaint::inferences::repository
