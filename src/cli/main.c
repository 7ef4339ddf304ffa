#include "cli/cli.h"

int main(int argc, char **argv) {
  return baro_cli_main(argc, argv);
}
