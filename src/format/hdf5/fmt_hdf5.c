/* fmt_hdf5.c - the row "hdf5", its rules, and the order of the passes. See h5.h. */
#include "format/formats.h"
#include "format/hdf5/h5.h"

#define MEMORY "Native readers compute with this number: memory outside their buffers is read or written."
#define AGAIN "Do not load; get the file again from its author."
#define REWRITE "Have the file written again."
const struct gh_rule h5_rules[H5_RULES + 1] = {
	[H5_A_SUPER] = { "GH-H5-0001", GH_MEDIUM, GH_INCOMPLETE, "Superblock of an HDF5 file is malformed",
			 "Nothing in the file can be checked; lenient readers go on.", AGAIN, "CWE-20" },
	[H5_A_CUT] = { "GH-H5-0002", GH_MEDIUM, GH_INCOMPLETE, "HDF5 file is shorter than it says",
		       "What is missing was not inspected; readers run past the end.", "Get a complete copy.",
		       "CWE-125" },
	[H5_A_PLACE] = { "GH-H5-0003", GH_HIGH, GH_UNSAFE, "Structure of an HDF5 file lies outside of it", MEMORY,
			 AGAIN, "CWE-125 CWE-787 CWE-823" },
	[H5_A_COUNT] = { "GH-H5-0004", GH_HIGH, GH_UNSAFE, "Count or size in an HDF5 file does not fit", MEMORY, AGAIN,
			 "CWE-190 CWE-789 CWE-122" },
	[H5_A_TWICE] = { "GH-H5-0005", GH_HIGH, GH_UNSAFE,
			 "Structure of an HDF5 file is used twice, or leads back to itself",
			 "Readers run in circles, or use memory that they gave back.", AGAIN,
			 "CWE-835 CWE-674 CWE-416" },
	[H5_A_SUM] = { "GH-H5-0006", GH_MEDIUM, GH_REVIEW, "Checksum in an HDF5 file is wrong",
		       "The file was changed after it was written; readers that do not check see the change.", AGAIN,
		       "CWE-354" },
	[H5_A_STRUCT] = { "GH-H5-0007", GH_MEDIUM, GH_INCOMPLETE, "Structure of an HDF5 file is malformed",
			  "Readers differ in what they make of it; a part was not inspected.", AGAIN,
			  "CWE-20 CWE-1286" },
	[H5_A_UNKNOWN] = { "GH-H5-0008", GH_MEDIUM, GH_INCOMPLETE, "Structure of an HDF5 file is of an unknown kind",
			   "A newer reader finds content that this scan did not look at.",
			   "Have the file written for an older version of HDF5.", "CWE-20" },
	[H5_A_FILTER] = { "GH-H5-0009", GH_MEDIUM, GH_INCOMPLETE,
			  "Data of an HDF5 file went through a filter that is not known",
			  "The data were not inspected; the library loads filters as plug-ins, which are programs.",
			  "Repack the file without filters, or with gzip.", "CWE-829" },
	[H5_A_CHUNK] = { "GH-H5-0010", GH_MEDIUM, GH_INCOMPLETE, "Compressed data of an HDF5 file are damaged",
			 "What readers make of them was not inspected; filters have written past their buffers.", AGAIN,
			 "CWE-787 CWE-354" },
	[H5_A_BIG] = { "GH-H5-0011", GH_LOW, GH_INCOMPLETE, "Chunks of an HDF5 file are too large to be expanded",
		       "The data were not inspected.", "Repack the file with chunks of at most 8 MiB.", "CWE-770" },
	[H5_A_OUTSIDE] = { "GH-H5-0012", GH_CRITICAL, GH_UNSAFE,
			   "HDF5 file reaches for a file of the machine that loads it",
			   "Loading reads any file of the user into the model, from where it can be read out.",
			   "Do not load; report the source.", "CVE-2026-1669 CWE-73 CWE-22 CWE-200" },
	[H5_A_BESIDE] = { "GH-H5-0013", GH_MEDIUM, GH_REVIEW, "Part of an HDF5 file's content is in another file",
			  "What is loaded depends on what lies beside the file.",
			  "Scan the other file as well, or have both written as one.", "CWE-73" },
	[H5_A_USERLINK] = { "GH-H5-0014", GH_HIGH, GH_REVIEW, "Link of a class that a program defines",
			    "Following it calls code of whatever plug-in registered the class.",
			    "Find out which program wrote it.", "CWE-829" },
	[H5_A_CACHE] = { "GH-H5-0015", GH_HIGH, GH_UNSAFE, "HDF5 file says two things about one group",
			 "Readers that take one and readers that take the other see different models.", AGAIN,
			 "CWE-436" },
	[H5_A_DUPLICATE] = { "GH-H5-0016", GH_HIGH, GH_UNSAFE, "Name, message or place in an HDF5 file is given twice",
			     "Readers that take the first and readers that take the last load different values.", AGAIN,
			     "CWE-694 CWE-436" },
	[H5_A_NAME] = { "GH-H5-0017", GH_MEDIUM, GH_REVIEW,
			"Name in an HDF5 file that reads differently from what it is",
			"What is found under the name depends on who looks.", "Look at the name byte by byte.",
			"CWE-451" },
	[H5_A_TYPE] = { "GH-H5-0018", GH_HIGH, GH_UNSAFE, "Datatype in an HDF5 file is malformed",
			"Conversion writes members past the end of an element.", AGAIN, "CWE-787 CWE-122" },
	[H5_A_SLACK] = { "GH-H5-0019", GH_MEDIUM, GH_REVIEW, "Large part of an HDF5 file that nothing refers to",
			 "Room for hidden content, which a second stage reads.", "Repack the file (h5repack).",
			 "CWE-506" },
	[H5_A_UNUSED] = { "GH-H5-0020", GH_INFO, GH_CLEAN, "Unused space of an HDF5 file is not empty",
			  "None by itself: the library leaves behind what was deleted.", "Repack the file (h5repack).",
			  "" },
	[H5_A_MULTI] = { "GH-H5-0021", GH_MEDIUM, GH_INCOMPLETE, "HDF5 file is one of several that belong together",
			 "What is in the others was not inspected.", "Have the content written as one file.",
			 "CWE-73" },
	[H5_A_MANY] = { "GH-H5-0022", GH_LOW, GH_INCOMPLETE,
			"More in an HDF5 file than can be followed in bounded memory",
			"A part of the file passes unseen.", "Split the file.", "CWE-770" },
	[H5_A_SHAPE] = { "GH-H5-0023", GH_HIGH, GH_UNSAFE, "Shape of a dataset and its storage do not fit",
			 "Readers copy by one and allocate by the other.", AGAIN, "CWE-125 CWE-787" },
	[H5_A_HUGE] = { "GH-H5-0024", GH_HIGH, GH_UNSAFE, "Dataset declares a size that nothing stored stands for",
			"Loading allocates all of it and takes the machine's memory.", AGAIN,
			"CVE-2026-0897 CWE-789 CWE-400" },
	[H5_A_LARGE] = { "GH-H5-0025", GH_MEDIUM, GH_REVIEW, "Dataset is far larger than what is stored of it",
			 "Loading allocates all of it.", "Make sure that the size is meant.", "CWE-789 CWE-409" },
	[H5_A_PROGRAM] = { "GH-H5-0026", GH_HIGH, GH_UNSAFE, "A native program is embedded in compressed data",
			   "A second stage extracts and runs it.", "Do not use the file.", "CWE-506 AML.T0018" },
	[H5_A_PICKLE] = { "GH-H5-0027", GH_LOW, GH_CLEAN, "Attribute is a pickle",
			  "PyTables and pandas load it when the attribute is read; see the findings about its calls.",
			  "Open the file with h5py, which does not.", "CWE-502" },
	GH_SIGN_RULES("GH-H5", H5_A_SIGN),
	[H5_RULES] = GH_RULES_END,
};

static enum gh_match probe(const struct gh_probe *p)
{
	return h5_find(p->head, p->size) != UINT64_MAX ? GH_STRONG : GH_NO;
}

static enum gh_rc passes(struct h5 *h)
{
	struct h5_root root = { .ext = H5_UNDEF };
	enum gh_rc rc = h5_superblock(h, &root);
	if (rc != GH_OK)
		return rc;
	if (root.ext != H5_UNDEF) {
		rc = h5_extension(h, root.ext);
		h->broken = h->broken || rc == GH_E_MALFORMED;
		h->unread = h->unread || rc == GH_E_UNREAD;
		if (rc != GH_OK && rc != GH_E_MALFORMED && rc != GH_E_UNREAD)
			return rc;
	}
	if (root.addr != H5_UNDEF)
		rc = h5_objects(h, &root);
	if (rc == GH_OK || rc == GH_E_MALFORMED || rc == GH_E_UNREAD)
		rc = h5_data(h);
	if (rc != GH_OK)
		return rc;
	return h5_claim_all(h);
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct h5 *h = GH_NEW(w->arena, struct h5, 1);
	if (h == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	h->w = w;
	h->tmp.max = h->obj.max = H5_TMP;
	h->extents = gh_recs(w->arena, GH_RECS_MAX);
	h->chunks = gh_recs(w->arena, GH_RECS_MAX);
	h->looks = H5_LOOKS;
	h->encoded_left = 64;
	h->signs_left = 64;
	h->heaps_left = 1 << 12;
	h->heap_addr = H5_UNDEF;
	enum gh_rc rc = passes(h);
	gh_arena_free(&h->tmp);
	gh_arena_free(&h->obj);
	if (rc == GH_OK && h->broken)
		rc = gh_fail(w->err, GH_E_MALFORMED, "hdf5: parts of the file could not be read");
	if (rc == GH_OK && h->unread)
		rc = gh_fail(w->err, GH_E_UNREAD, "hdf5: parts of the file were not read");
	return rc;
}

const struct gh_fmt gh_fmt_hdf5 = {
	.name = "hdf5",
	.about = "Hierarchical Data Format 5: Keras weights, NetCDF-4, MATLAB 7.3, AnnData, PyTables",
	.exts = "h5 hdf5 hdf he5 h5ad nc nc4 mat loom cool hd5 h5m jld2",
	.probe = probe,
	.walk = walk,
	.rules = h5_rules,
};
