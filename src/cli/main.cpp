#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>

#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/dotenv.h"
#include "cli/run_command.h"
#include "cli/setting_names.h"

namespace inpaint::cli {
namespace {

constexpr int kUsageError = 2;

constexpr auto kDescription =
    "Repairs the marked parts of pictures: as a service for many users, or as a command.\n"
    "\n"
    "  inpaint serve                        start the service on http://localhost:3000\n"
    "  inpaint run photo.jpg mask.png -o repaired.png    repair one picture, without a service\n";
constexpr auto kFooter =
    "`inpaint COMMAND --help` tells the options of a command. Each may also be set in the environment or in\n"
    "a file .env (or the one that INPAINT_ENV_FILE names) by the name in brackets; a flag weighs more than "
    "the\n"
    "environment, and that more than the file.";

// What was asked for: runs the chosen command and returns its exit code.
using Chosen = std::function<int()>;

struct Move {
  std::string from;
  std::string to;
};

void describe_migrate_command(CLI::App& app, Config& config, Move& move, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "migrate", "Bring the database to this version's schema, or move an installation to PostgreSQL");
  CLI::Option* from = command->add_option("--from", move.from, "sqlite:PATH of a database to copy");
  CLI::Option* to =
      command->add_option("--to", move.to, "postgres://USER:PASSWORD@HOST:PORT/DATABASE, empty");
  from->needs(to);
  to->needs(from);
  add_data_options(*command, config);
  add_database_options(*command, config);
  command->callback([&] {
    chosen = [&] { return move.from.empty() ? migrate(config) : move_installation(move.from, move.to); };
  });
}

void describe_queue_command(CLI::App& app, Config& config, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("queue", "Look at the queue, pause it, let it go on");
  command->require_subcommand(1);
  const auto add = [&](const char* name, const char* description, int (*run)(const Config&)) {
    CLI::App* action = command->add_subcommand(name, description);
    add_data_options(*action, config);
    add_database_options(*action, config);
    add_queue_options(*action, config);
    action->callback([&config, &chosen, run] { chosen = [&config, run] { return run(config); }; });
  };
  add("status", "Count its jobs", show_queue);
  add("pause", "Give out no more jobs; those under way go on", pause_queue);
  add("resume", "Give out jobs again", resume_queue);
}

void describe_service_commands(CLI::App& app, Config& config, std::filesystem::path& samples,
                               int& grace_minutes, bool& is_check, Chosen& chosen) {
  CLI::App* serve_command = app.add_subcommand("serve", "Start the service, with a worker inside");
  add_server_options(*serve_command, config);
  add_account_options(*serve_command, config);
  add_queue_options(*serve_command, config);
  add_worker_options(*serve_command, config);
  serve_command->callback([&] { chosen = [&] { return serve(config); }; });

  CLI::App* worker_command =
      app.add_subcommand("worker", "Work on inferences beside a service, on the same data");
  add_queue_options(*worker_command, config);
  add_worker_options(*worker_command, config);
  worker_command->add_flag("--check", is_check, "tell whether a worker of this machine lives, and end");
  worker_command->callback([&] { chosen = [&] { return is_check ? check_worker(config) : work(config); }; });

  CLI::App* blackbox_command = app.add_subcommand(
      "blackbox", "Lend the engine to a service: what its INFERENCE_BLACKBOX_HOST may name");
  add_blackbox_options(*blackbox_command, config);
  blackbox_command->callback([&] { chosen = [&] { return serve_blackbox(config); }; });

  CLI::App* seed_command =
      app.add_subcommand("seed", "Add an administrator, two demonstration users and a dataset of samples");
  add_account_options(*seed_command, config);
  seed_command->add_option("--samples", samples, "directory of the sample pictures [samples]");
  seed_command->callback([&] { chosen = [&] { return seed(config, samples); }; });

  CLI::App* ledger_command = app.add_subcommand("ledger", "Audit the tokens");
  ledger_command->require_subcommand(1);
  CLI::App* verify_command = ledger_command->add_subcommand(
      "verify", "Recompute every balance and report what differs (exit code 1 if anything does)");
  verify_command->callback([&] { chosen = [&] { return verify_ledger(config); }; });

  CLI::App* sweep_command = app.add_subcommand(
      "sweep", "Remove files that belong to nothing, as the service does by itself after a while");
  sweep_command
      ->add_option("--grace-minutes", grace_minutes,
                   "younger files stay, for they may be of an upload under way [60]")
      ->check(CLI::Range(0, 1'000'000))
      ->type_name("");
  sweep_command->callback(
      [&] { chosen = [&] { return sweep(config, std::chrono::minutes(grace_minutes)); }; });

  for (CLI::App* command : {serve_command, worker_command, seed_command, verify_command, sweep_command}) {
    add_data_options(*command, config);
    add_database_options(*command, config);
    add_storage_options(*command, config);
  }
}

void describe_user_commands(CLI::App& app, Config& config, std::string& email, Chosen& chosen) {
  CLI::App* user_command = app.add_subcommand("user", "Help a user who can't help themselves");
  user_command->require_subcommand(1);
  CLI::App* password_command = user_command->add_subcommand(
      "password",
      "Give a user a new password: the first line of the standard input, or one that is made and "
      "printed. Every login of the user ends.");
  password_command->add_option("EMAIL", email, "whose")->required()->type_name("");
  add_password_options(*password_command, config);
  add_data_options(*password_command, config);
  add_database_options(*password_command, config);
  password_command->callback([&] { chosen = [&] { return reset_password(config, email); }; });
}

void describe_run_command(CLI::App& app, RunOptions& options, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("run", "Repair pictures, without a service");
  add_run_options(*command, options);
  command->callback([&] { chosen = [&] { return run(options); }; });
}

// What is wrong with the arguments. The library, of a word it does not know, says that a command is missing,
// and names what it did not expect from the last to the first.
std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> unknown = app.remaining(true);
  if (unknown.empty()) return error.what();
  return "\"" + unknown.front() + "\" is not known here";
}

int main_or_throw(int argc, char** argv) {
  load_dotenv(settings_file());
  Config config;
  RunOptions run_options;
  std::filesystem::path samples = "samples";
  int grace_minutes = 60;
  bool is_check = false;
  Move move;
  std::string email;
  Chosen chosen;

  CLI::App app(kDescription, "inpaint");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("inpaint ") + INPAINT_VERSION);
  app.require_subcommand(1);
  describe_service_commands(app, config, samples, grace_minutes, is_check, chosen);
  describe_migrate_command(app, config, move, chosen);
  describe_user_commands(app, config, email, chosen);
  describe_queue_command(app, config, chosen);
  describe_run_command(app, run_options, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    std::fprintf(stderr, "error: %s\n`inpaint --help` tells what there is.\n", complaint(app, error).c_str());
    return kUsageError;
  }
  log::start(config.log_level, ::isatty(STDERR_FILENO) == 0);
  if (!app.got_subcommand("run")) {  // whoever repairs a picture may do so beside another program's .env
    const SettingNames names(app);
    names.check_dotenv(settings_file());
    names.warn_of_environment();
  }
  note_ignored_environment();
  return chosen();
}

}  // namespace
}  // namespace inpaint::cli

int main(int argc, char** argv) {
  try {
    return inpaint::cli::main_or_throw(argc, argv);
  } catch (const inpaint::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return error.kind() == inpaint::ErrorKind::kInvalid ? inpaint::cli::kUsageError : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
