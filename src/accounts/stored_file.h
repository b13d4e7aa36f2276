#pragma once

#include <string>

#include "http/message.h"
#include "storage/storage.h"

namespace inpaint::accounts {

// The answer to who may read the blob, which a link or a login has shown: the file, or, to a GET, where the
// client fetches it. `file` says all of it but the content. Throws what the storage throws.
http::Response stored_file(const http::Request& request, storage::Storage& storage, const std::string& key,
                           http::FileBody file);

}  // namespace inpaint::accounts
