import { z } from 'zod';
import { ARCHITECTURES, ROLES } from '../roles.ts';

export const roleSchema = z.enum(ROLES);
export const architectureSchema = z.enum(ARCHITECTURES);
