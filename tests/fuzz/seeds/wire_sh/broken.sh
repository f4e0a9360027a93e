#!/bin/sh
echo "never closed
(((
fi
