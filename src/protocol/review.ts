import type { z } from 'zod';
import type { reviewSchema } from './schema/review.ts';

export type Review = z.infer<typeof reviewSchema>;
export type ReviewComment = Review['comments'][number];

/** Who reviewed, where a review is the user's own and not an agent's. */
export const USER = 'user';
