/* hdf5.h - what the HDF5 reader says, for those who build on it (Keras, NetCDF-4, MATLAB, AnnData, PyTables all write HDF5).
 *
 * The row "hdf5" reads every object of a file and emits
 *	member	role "keras-config", expect "json": the text of a string attribute `model_config` or `training_config`, or of
 *		any other whose text is a JSON object that names a class; name: the attribute's
 *	text	role "attribute", key "/path/of/object@name": every other string attribute; an array of strings comes as one
 *		text, its elements separated by newlines. Keras: "/@keras_version", "/@backend", "/model_weights@layer_names"
 *	text	role "value", key "/path/of/dataset": the strings of a dataset, the same way, as far as a window holds
 *	tensor	every dataset of numbers that is stored contiguously: name "/path/of/dataset", place in the file
 *	tile	to sinks that want them (format/tile.h): every dataset of numbers in chunks, with each chunk's place, and every
 *		one of which nothing was written; other sinks get compressed chunks as one tensor, in the order of the grid, where
 *		nothing but numbers stands in them, and else each chunk as a tensor of one dimension
 *	reference	GH_REF_PATH: external links and virtual datasets ("file", from "/path"); GH_REF_DATA: external storage
 *	package	Keras' version, as producer
 *	member	nested: values (opaque, bytes, strings) that look like a file of their own; raw: numbers that do
 *
 * All text is bounded by GH_WINDOW_MAX; a longer one comes as a member with the same role. */
#ifndef GH_FORMAT_HDF5_HDF5_H
#define GH_FORMAT_HDF5_HDF5_H
#include "format/format.h"

#define GH_HDF5_ROLE_KERAS "keras-config"
#define GH_HDF5_ROLE_ATTRIBUTE "attribute"
#define GH_HDF5_ROLE_VALUE "value"
#endif
