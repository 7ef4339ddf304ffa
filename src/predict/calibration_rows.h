/* Written by tools/calibrate.py from tools/pairs/predictions.tsv. */
#ifndef BARO_PREDICT_CALIBRATION_ROWS_H
#define BARO_PREDICT_CALIBRATION_ROWS_H

/* Key; factor; changed by up to; comparisons of predictions with runs; jobs. */
/* clang-format off */
#define BARO_CALIBRATION_LIST(X) \
  X(CORES, 0.703, 4, 432, 8) \
  X(CPU_SPEED, 0.765, 4, 432, 8) \
  X(DISK, 1.605, 4, 144, 4) \
  X(NETWORK, 0.930, 4, 144, 4) \
  X(MEMORY, 1.544, 2, 144, 8) \
  X(INPUT, 1.386, 2, 144, 8)
/* clang-format on */

#endif
