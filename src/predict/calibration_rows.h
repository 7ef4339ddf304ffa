/* Written by tools/calibrate.py from tools/pairs/predictions.tsv. */
#ifndef BARO_PREDICT_CALIBRATION_ROWS_H
#define BARO_PREDICT_CALIBRATION_ROWS_H

/* Key; factor; changed by up to; comparisons of predictions with runs; jobs. */
/* clang-format off */
#define BARO_CALIBRATION_LIST(X) \
  X(CORES, 0.890, 2, 144, 8) \
  X(CPU_SPEED, 0.799, 4, 432, 8) \
  X(DISK, 1.295, 4, 144, 4) \
  X(NETWORK, 0.824, 4, 144, 4) \
  X(MEMORY, 2.411, 2, 54, 3) \
  X(INPUT, 2.519, 2, 144, 8)
/* clang-format on */

#endif
