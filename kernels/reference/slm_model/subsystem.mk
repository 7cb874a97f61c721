# The language model inside the kernel image: the file that SLM_MODEL= names on the make line (nothing: none), else the one
# in slm/models/, where `auton slm integrate` puts it, else the one that ships: AUTON names its folder.
slm_model_REQUIRES := slm_neural
slm_model_OBJS := $(O)/slm_model/model.o
slm_model_OWN := $(wildcard slm/models/*.gguf)
SLM_MODEL ?= $(firstword $(slm_model_OWN) $(wildcard $(or $(AUTON_SLM_MODELS),../../SLM/models)/mini_3M-Q4_0.gguf))
ifneq ($(and $(word 2,$(slm_model_OWN)),$(findstring $(SLM_MODEL),$(slm_model_OWN))),)
$(error slm/models/ may hold one model, not several: $(notdir $(slm_model_OWN)))
endif

# A file with a manifest beside it (file.gguf.json) must be the one whose SHA-256 the manifest gives. sum.h holds another
# sum, quick enough for the kernel to check at each boot.
slm_model_FILE := $(if $(SLM_MODEL),$(abspath $(SLM_MODEL)))
slm_model_MANIFEST := $(if $(SLM_MODEL),$(wildcard $(SLM_MODEL).json))
$(shell mkdir -p $(O)/slm_model; echo '$(slm_model_FILE)' | cmp -s - $(O)/slm_model/path || echo '$(slm_model_FILE)' > $(O)/slm_model/path)
$(O)/slm_model/modelsum: tools/modelsum.c slm_model/sum.h
	@echo "HOSTCC $<"
	$(Q)$(HOSTCC) -std=gnu11 -O2 -Wall -Wextra -Islm_model $< -o $@
$(O)/slm_model/model.o: slm_model/model.S $(O)/slm_model/modelsum $(SLM_MODEL) $(slm_model_MANIFEST) $(O)/slm_model/path
	@echo "MODEL $(or $(SLM_MODEL),none)"
	$(if $(slm_model_MANIFEST),$(Q)grep -q "$$(sha256sum < $(SLM_MODEL) | cut -c 1-64)" $(slm_model_MANIFEST) || \
		{ echo "$(SLM_MODEL) is not the file that $(slm_model_MANIFEST) describes: its SHA-256 differs" >&2; exit 1; })
	$(Q)$(CC) $(ARCH_TARGET) $(if $(SLM_MODEL),-DSLM_MODEL='"$(slm_model_FILE)"' \
		-DSLM_MODEL_SUM=$$($(O)/slm_model/modelsum $(SLM_MODEL))) -c $< -o $@
