include a.mk
ifdef X
all: ; echo $${Y} $(foreach x,a b,$(x))
endif
echo x
