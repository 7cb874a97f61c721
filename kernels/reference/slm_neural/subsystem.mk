# The neural backend of the SLM. The engine (slm_neural/*.c) is portable C that also builds for the machine that builds
# (`make host-neural`); kernel/ puts it into the kernel. Only the engine may use floating point.
slm_neural_REQUIRES := boot mm sched slm
slm_neural_ENGINE := $(wildcard slm_neural/*.c arch/$(ARCH)/slm_neural/*.c)
slm_neural_SRCS := $(wildcard slm_neural/*.c slm_neural/kernel/*.c)

# Sums may be added in any order and nothing is infinite, so that loops become vectors.
slm_neural_VECTOR := -O3 -fassociative-math -ffinite-math-only -fno-signed-zeros -fno-trapping-math -fno-math-errno -ffp-contract=fast
# What an architecture needs for floating point, in the kernel only; its arch.mk says it.
slm_neural_FLOAT = $(if $(filter $(O)/host/%,$@),,$(ARCH_FLOAT_CFLAGS))
$(foreach o,$(O) $(O)/host,$o/slm_neural/%.o): FILE_CFLAGS = -O2 $(slm_neural_FLOAT)
$(foreach o,$(O) $(O)/host,$o/slm_neural/scalar.o $o/arch/$(ARCH)/slm_neural/%.o): FILE_CFLAGS = \
	$(slm_neural_VECTOR) $(slm_neural_FLOAT) -Islm_neural $(slm_neural_ISA_$(basename $(notdir $@)))
$(foreach o,$(O) $(O)/host,$o/slm_neural/lanes.o): FILE_CFLAGS = -O2 -fno-tree-vectorize -fno-tree-slp-vectorize \
	-fassociative-math -fno-signed-zeros -fno-trapping-math -fno-math-errno -ffp-contract=fast $(slm_neural_FLOAT)
# Each instruction set is a file of its own, the only one that is compiled for it.
slm_neural_ISA_avx2 := -mavx2 -mfma -mf16c
slm_neural_ISA_avx512 := -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx512vnni -mavx2 -mfma -mf16c -mprefer-vector-width=512
slm_neural_ISA_dotprod := -march=armv8.2-a+dotprod
# It never touches the registers of devices, which alone want all accesses aligned.
$(O)/slm_neural/%.o $(O)/arch/$(ARCH)/slm_neural/%.o: DROPPED_CFLAGS := -mgeneral-regs-only -mstrict-align
$(O)/slm_neural/kernel/%.o: DROPPED_CFLAGS :=
$(O)/slm_neural/kernel/%.o: FILE_CFLAGS := -Islm_neural -Islm -Islm_model

# The engine as one object for tests, fuzzing and benchmarks: neural.h is all that its users need.
HOST_CFLAGS ?= -O2 -g
host-neural: $(O)/host/neural.o
slm_neural_HOST := $(addprefix $(O)/host/,$(addsuffix .o,$(basename $(slm_neural_ENGINE) lib/printf.c)))
$(O)/host/%.o: %.c $(O)/host/flags
	@echo "HOSTCC $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 $(HOST_CFLAGS) -Wall -Wextra -Werror -fno-strict-aliasing -Iinclude -Iarch/$(ARCH)/include \
		-Islm_neural $(FILE_CFLAGS) -MMD -MP -c $< -o $@
$(O)/host/neural.o: $(slm_neural_HOST)
	$(Q)$(HOSTCC) -r -nostdlib -o $@ $^
ifneq ($(filter host-neural,$(MAKECMDGOALS)),)
$(shell mkdir -p $(O)/host; echo '$(HOSTCC) $(HOST_CFLAGS)' | cmp -s - $(O)/host/flags || \
	echo '$(HOSTCC) $(HOST_CFLAGS)' > $(O)/host/flags)
-include $(slm_neural_HOST:.o=.d)
endif
.PHONY: host-neural
