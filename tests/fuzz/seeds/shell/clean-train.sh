#!/bin/bash
set -euo pipefail
export CUDA_VISIBLE_DEVICES=0,1
MODEL=${1:-gpt2}
OUT="out/${MODEL##*/}"
mkdir -p "$OUT"
for seed in 1 2 3; do
	python train.py --model "$MODEL" --seed $seed 2>&1 | tee "$OUT/log.$seed"
done
if [ ! -f "$OUT/log.1" ]; then
	echo "it's missing" >&2
	exit 1
fi
